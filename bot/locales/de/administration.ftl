# What /queue, /model, /retrain and /moderator bring, and pings: for moderators and admins.

queue-waiting =
    { $count ->
        [one] Ein Foto wartet auf Menschen
       *[other] { $count } Fotos warten auf Menschen
    }
queue-ages = Wartezeit
queue-in-hands =
    { $count ->
        [0] Niemand sieht sich gerade eines an.
        [one] Eines davon wird gerade angesehen.
       *[other] { $count } davon werden gerade angesehen.
    }
queue-hint = /review bringt das nächste.
age-under_an_hour = unter einer Stunde
age-under_a_day = unter einem Tag
age-under_a_week = unter einer Woche
age-older = länger

not-an-admin = Das dürfen nur Admins.

model-since = Es antwortet seit { $time }.
model-backbone =
    Grundnetz: { $backbone }, { $tuned ->
        [yes] nachtrainiert
       *[no] unverändert, mit einem darauf trainierten Kopf
    }.
model-labels =
    { $count ->
        [0] Es kennt keine Labels.
       *[other] Es kennt { LABELS($labels) }.
    }
model-measured = { SHARE($share) } von { $total } Testfotos richtig (in Wahrheit { SHARE($low) } bis { SHARE($high) })
model-not-measured = nicht gemessen
model-unreadable = Es kann nicht gelesen werden. „bearbot doctor“ sagt der Betreiberseite, warum.
model-others = Andere Versionen
model-line-previous = - { $version } (hat vorher geantwortet): { $said }
model-more = und { $count } weitere: „bearbot model list“
model-question = Soll ab jetzt { $version } antworten, statt { $champion }?
model-comparison = Als es trainiert wurde, sagte der Vergleich: { $said }
model-other-labels =
    { $count ->
        [0] Es kennt keine Labels.
       *[other] Achtung, es kennt andere: { LABELS($labels) }.
    }
model-moved = Ab jetzt antwortet { $version }.
model-not-moved = { $version } ist nicht brauchbar, also wurde nichts geändert. „bearbot doctor“ sagt der Betreiberseite mehr.
model-changed = Die Modelle haben sich geändert, seit du sie gesehen hast; nichts wurde geändert. Sieh noch einmal nach.
button-promote = { $version } soll antworten
button-roll-back = Zurück zu { $version }
button-confirm-move = Ja
button-cancel = Abbrechen
