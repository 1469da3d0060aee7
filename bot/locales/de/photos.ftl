# What becomes of a photo: the answer, the promise that a person looks, what people said, and why a file is no photo.

-promise = Ein Mensch sieht es sich an, und ich sage dir, was dabei herauskommt.

answered = Auf dem Foto: { LABEL($label, form: "a") }. Da bin ich mir zu { PERCENT($confidence) } sicher.
answered-of-two = Auf dem Foto: { LABEL($label, form: "a") }. Da bin ich mir zu { PERCENT($confidence) } sicher. Vielleicht auch: { LABEL($runner_up, form: "a") } ({ PERCENT($runner_up_confidence) }).

in-review-unlike = Diese Art von Bild kenne ich nicht, also rate ich lieber nicht. { -promise }
in-review-no-model = Ich kann gerade keine Fotos beurteilen, aber deines ist gut aufgehoben. { -promise }
in-review-unsure = Ich bin unsicher. Am ehesten: { LABEL($label, form: "a") } ({ PERCENT($confidence) }). { -promise }

known =
    Dieses Foto kenne ich, ein Mensch hat es sich angesehen. { $label ->
        [none] Es zeigt nichts von dem, was ich kenne
       *[other] Zu sehen ist: { LABEL($label, form: "a") }
    }.
still-in-review = Dieses Foto wartet schon darauf, dass ein Mensch es sich ansieht. Ich sage dir, was dabei herauskommt.
still-looking = Ich sehe mir dein Foto noch an. Frag mich gleich noch einmal.
album =
    { $count ->
        [one] Dein Foto
       *[other] Deine { $count } Fotos
    }:

human-answer =
    Ein Mensch hat sich dein Foto angesehen. { $label ->
        [none] Es zeigt nichts von dem, was ich kenne
       *[other] Zu sehen ist: { LABEL($label, form: "a") }
    }.
human-answer-agreed = Ein Mensch hat sich dein Foto angesehen. Zu sehen ist: { LABEL($label, form: "a") }. Das hatte ich auch vermutet.
human-answer-wrong =
    Ein Mensch hat sich dein Foto angesehen. { $label ->
        [none] Es zeigt nichts von dem, was ich kenne
       *[other] Zu sehen ist: { LABEL($label, form: "a") }
    }. Ich hatte gesagt: { LABEL($guess, form: "a") }. Das war falsch, entschuldige.
correction =
    Eine Korrektur: Ein Mensch hat sich dein Foto noch einmal angesehen. { $label ->
        [none] Es zeigt nichts von dem, was ich kenne
       *[other] Zu sehen ist: { LABEL($label, form: "a") }
    }. Vorher hatte es geheißen: { $previous ->
        [none] nichts von dem, was ich kenne
       *[other] { LABEL($previous, form: "a") }
    }. Entschuldige die Verwirrung.

rejected-empty = Diese Datei ist leer. Bitte schick sie noch einmal.
rejected-not_an_image =
    Diese Datei ist kein Bild, das ich lesen kann. Bitte schick ein Foto oder eine Datei im Format JPEG, PNG, WebP oder HEIC.
rejected-damaged = Dieses Bild ist beschädigt oder abgeschnitten, ich kann es nicht lesen. Bitte schick es noch einmal.
rejected-too_many_bytes =
    Diese Datei ist zu groß für mich{ $megabytes ->
        [0] {""}
       *[other] {" "}(über { $megabytes } MB)
    }. Bitte schick sie als Foto statt als Datei.
rejected-too_many_pixels =
    Dieses Bild hat zu viele Pixel für mich. Bitte schick es als Foto statt als Datei.
rejected-too_small = Auf diesem Bild ist nichts zu erkennen, so klein ist es. Bitte schick ein größeres.
