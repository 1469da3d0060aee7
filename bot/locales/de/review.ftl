# What moderators read while they review: cards, their buttons, and what becomes of them.

not-a-moderator = Das darf nur das Moderationsteam.
removed-reviewer = Du gehörst nicht mehr zu denen, die prüfen. Die Betreiberseite kann dich mit „bearbot review who add“ zurückholen.
nothing-waits = Nichts wartet auf Prüfung. Gut gemacht!
outdated-review-button = Dieser Knopf gilt nicht mehr. /review bringt das nächste Foto.
nothing-to-undo = Das ist schon zurückgenommen. /review bringt das nächste Foto.
photo-gone = (das Foto kann nicht gezeigt werden)
photo-deleted = Dieses Foto wurde gelöscht.

button-none = Nichts davon
button-cant_tell = Nicht zu erkennen
button-skip = Überspringen
button-split = Jedes einzeln ansehen
button-undo = Rückgängig

reason-low_confidence = unsicher
reason-out_of_domain = anders als die Fotos, aus denen das Modell gelernt hat
reason-audit = Stichprobe
reason-disputed = Widerspruch
reason-no_model = kein Modell war aktiv

# A card begins with the item's number (#12) and the reasons why people look at it.
card-model = Das Modell: { $ranking }
card-ranked = { LABEL($label) } { PERCENT($probability) }
card-claimed = Wer gefragt hat, sagt: { $claims }
card-blind = Mehrere beurteilen dieses Foto, jeder für sich: Sag, was du siehst.
card-disagreement = Die Prüfenden sind uneins: { $sayings }
card-said = { $reviewer } sagt { $choice }
card-group =
    Deine Antwort gilt auch für { $count ->
        [one] das fast gleiche Foto darunter
       *[other] { $count } fast gleiche Fotos, siehe unten
    }.
card-waiting =
    Wartet: { DURATION($seconds) }; { $left ->
        [0] sonst wartet nichts
       *[other] noch { $left } in der Warteschlange
    }
card-result = { $choice }, sagt { $reviewer }
card-result-cant_tell = { $reviewer } kann es nicht erkennen
card-result-skip = übersprungen von { $reviewer }
card-undone = zurückgenommen von { $reviewer }
card-put-back = wieder in der Warteschlange

already-settled =
    Nr. { $item } ist schon beantwortet: { $reviewer } sagt „{ $label ->
        [none] nichts davon
       *[other] { LABEL($label) }
    }“
lease-lost = Nr. { $item } ist nicht mehr bei dir: Die Zeit war um, oder du hast sie noch einmal geholt; hol sie neu
needs-adjudicator = über Nummer { $item } sind die Prüfenden uneins: Es entscheidet ein Moderator, der noch nichts dazu gesagt hat
item-gone = Nr. { $item } gibt es nicht mehr: Das Foto wurde gelöscht
