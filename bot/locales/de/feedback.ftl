# What askers say of an answer, and what they hear about it: the buttons "Right" and "Wrong".

right-button = Stimmt
wrong-button = Stimmt nicht
wrong-number-button = Falsch: { $number }
unknown-button = Weiß ich nicht
back-button = Zurück

claim-thanked = Danke, gut zu wissen!
claim-opened = Danke. Ein Mensch sieht es sich an.
claim-settled = Dieses Foto haben sich schon zweimal Menschen angesehen, und ihre Antwort bleibt. Trotzdem danke!
claim-repeated = Das hast du mir schon gesagt. Danke!
not-your-answer = Das kann nur sagen, wer das Foto geschickt hat.
outdated-answer-button = Dieser Knopf gilt nicht mehr.

-promise-to-look = Ein Mensch sieht sich dein Foto an, und ich sage dir, was dabei herauskommt.
noted =
    Du sagst: { $label ->
        [none] nichts von dem, was ich kenne
       *[other] { LABEL($label, form: "a") }
    }. { -promise-to-look }
noted-unknown = Du sagst, das stimmt nicht. { -promise-to-look }
confirmed =
    Ein Mensch hat sich dein Foto noch einmal angesehen und sagt, was du schon gehört hast: { $label ->
        [none] nichts von dem, was ich kenne
       *[other] { LABEL($label, form: "a") }
    }.
