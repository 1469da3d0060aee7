# What /queue, /model, /retrain and /moderator bring, and pings: for moderators and admins.

queue-waiting = { $count } Fotos warten auf Menschen
queue-one =
    Ein Foto wartet auf Menschen: { $reasons }.
    Wartezeit: { DURATION($seconds) }. { $held ->
        [0] Niemand sieht es sich gerade an: /review bringt es.
       *[other] Jemand sieht es sich gerade an.
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
model-none = Es antwortet noch kein Modell: Jedes Foto geht an Menschen.
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

retrain-started = Ein Training hat begonnen. Es dauert einige Minuten; ich sage dir, was dabei herauskommt.
retrain-running = Es läuft schon ein Training. Warte, bis es endet, und frag dann noch einmal.
retrained-promoted = Das Training ist fertig: Ab jetzt antwortet { $candidate } statt { $champion }. /model kann das zurücknehmen.
retrained-kept = Das Training ist fertig: { $champion } antwortet weiter.
retrained-failed = Das Training ist gescheitert: { $champion } antwortet weiter.
retrained-not_started = Das Training konnte nicht beginnen.

appointed = Du gehörst jetzt zum Moderationsteam: /review bringt dir das nächste Foto, /queue zeigt, wie viele warten.

ping =
    { $waiting ->
        [one] Ein Foto wartet
       *[other] { $waiting } Fotos warten
    } auf Menschen{ $disputed ->
        [0] {""}
       *[other] , { $disputed } davon mit Widerspruch
    }. /review

moderator-usage =
    /moderator add NUMMER und /moderator remove NUMMER, mit der Telegram-Nummer einer Person; oder ohne Nummer, als Antwort auf eine Nachricht von ihr, die du mir weitergeleitet hast.
    /moderator list zeigt, wer prüft.
moderator-unknown-name = Ich kann niemanden nach dem @Namen finden. Leite mir eine Nachricht der Person weiter und antworte darauf mit dem Befehl, oder nenne ihre Telegram-Nummer.
moderator-hidden = Telegram sagt mir nicht, von wem diese Nachricht ist, weil die Person das verbirgt. Nenne mir ihre Telegram-Nummer.
moderator-is-a-bot = Das ist ein Bot. Nur Menschen können prüfen.
moderator-is-admin = { $name } hat Admin-Rechte; das ändern nur die Einstellungen (BOT_ADMINS).
moderator-added = { $name } gehört jetzt zum Moderationsteam und erfährt es.
moderator-added-unseen = { $name } gehört jetzt zum Moderationsteam, hat mir aber nie geschrieben; ich kann es also nicht mitteilen. Bitte die Person, mir /start zu schicken.
moderator-removed = { $name } gehört nicht mehr zum Moderationsteam.
moderator-not-one = { $name } gehört nicht zum Moderationsteam.
moderator-list = Im Chat prüfen:
moderator-by-admin = Admin
moderator-by-settings = Moderation, laut Einstellungen
moderator-by-appointed = Moderation, im Chat hinzugefügt
