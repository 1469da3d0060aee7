# Who may use the bot: what those hear who may not, and what admins read when they let people in or keep them out.

not-admitted-allow_list =
    Dieser Bot antwortet nur Leuten, die sein Betreiber zugelassen hat. Wenn du ihn kennst, nenn ihm deine Nummer: { $user }. /privacy sagt, was ich aufbewahre.
not-admitted-invitation =
    Dieser Bot ist für Eingeladene. Bitte den Betreiber um eine Einladung und öffne den Link. /privacy sagt, was ich aufbewahre.
invitation-void = Diese Einladung ist aufgebraucht oder zu alt. Bitte lass dir eine neue geben.

invitation =
    Wer diesen Link öffnet, darf mich benutzen: { $uses ->
        [one] eine Person
       *[other] { $uses } Personen
    }, { $days ->
        [one] einen Tag
       *[other] { $days } Tage
    } lang. Ich behalte keine Kopie davon.
    { $link }
invitation-not-needed = Zurzeit braucht niemand eine Einladung: BOT_ACCESS ist { $access }.
invite-usage = /invite oder /invite PERSONEN TAGE, etwa /invite 5 7: bis zu { $uses } Personen, bis zu { $days } Tage.
block-usage = Antworte mit /{ $command } auf eine Prüfkarte, oder nenne eine Nummer: /{ $command } 123456789.
block-unknown = Ich weiß nicht mehr, wer dieses Foto geschickt hat.
block-refused = Wer moderiert oder Admin ist, kann nicht gesperrt werden. Nimm die Person zuerst von der Liste.
block-done = Gesperrt. Ich antworte dieser Person nicht mehr.
block-undone = Nicht mehr gesperrt.
