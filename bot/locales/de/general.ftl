# What is said to everybody: greeting, help, what is no photo, and what went wrong in general.

start =
    Hallo! Schick mir ein Foto, und ich sage dir, was darauf zu sehen ist{ $count ->
        [0] {""}
       *[other] : { LABELS($labels, last: "or") }
    }. Wenn ich unsicher bin, sieht es sich ein Mensch an, und du bekommst Bescheid.

    Fotos werden ohne Standort und Kameradaten aufbewahrt, damit Menschen die Antworten prüfen und verbessern können. Mehr dazu: /privacy
help =
    Schick mir ein Foto oder ein Bild als Datei.{ $count ->
        [0] {""}
       *[other] {" "}Ich kenne: { LABELS($labels) }.
    }
    Wenn ich mir sicher bin, antworte ich sofort; sonst sieht sich ein Mensch das Foto an, und ich sage dir, was dabei herauskommt.
    /why zeigt, wie ich auf meine letzte Antwort gekommen bin; als Antwort auf eine meiner Nachrichten geschickt, wie ich auf diese kam.
    /language ändert die Sprache, in der ich schreibe.
    /privacy sagt, was ich aufbewahre; /my_data bringt es als Datei, /delete_my_data löscht es.
help-for-moderators =
    Du gehörst zum Moderationsteam: /review bringt dir das nächste Foto, das wartet.
    /queue zeigt, was wartet, nach Grund und Alter.
    /stats zeigt, wie viel wartet und wie gut die Antworten sind.
    /model zeigt, welches Modell antwortet und was es verspricht.
    /block als Antwort auf eine Prüfkarte sperrt, wer das Foto geschickt hat; /unblock hebt das auf.
help-for-admins =
    Du bist auch Admin: /model lässt auf Wunsch ein anderes Modell antworten.
    /retrain lässt mich aus dem lernen, was Menschen gesagt haben.
    /moderator add und remove legen fest, wer prüft; /moderator list zeigt es.
    /invite macht einen Link, der Leute zulässt, wenn ich nur für Eingeladene da bin.
    /block und /unblock nehmen auch die Telegram-Nummer einer Person.
not-a-picture =
    Ich kann mir nur Fotos und Bilddateien ansehen.{ $count ->
        [0] {""}
       *[other] {" "}Schick mir eines davon: { LABELS($labels, last: "or", form: "a") }.
    }
group-help = Antworte auf ein Foto mit /{ $command }, oder schick eines mit meinem Namen in der Bildunterschrift, und ich sage dir, was darauf zu sehen ist.
failed = Bei mir ist etwas schiefgegangen: Ich konnte diese Nachricht nicht bearbeiten. Bitte schick sie später noch einmal.
outdated-button = Dieser Knopf gilt nicht mehr.
