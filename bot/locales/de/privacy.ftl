# What is kept about people, how they get it and how they get rid of it: /privacy, /my_data, /delete_my_data.

privacy =
    Was ich aufbewahre
    - Die Fotos, die du schickst, ohne Standort und Kameradaten; was ich dazu gesagt habe und was Menschen gesagt haben; wann sie kamen und aus welchem Chat.
    - Deine Nummer bei Telegram und deine Sprache. Nicht deinen Namen.

    Wozu
    - Um dir zu antworten und um zu lernen: Aus Fotos, die Menschen beurteilt haben, lerne ich.

    Wer es sieht
    - Wer Fotos prüft, sieht das Foto, aber nicht, wer es geschickt hat. Manche tun das in ihrem Chat mit mir; wird ein Foto gelöscht, verschwindet es auch dort.
    - Wer diesen Bot betreibt.

    Wie lange
    - Fotos: { $retention ->
        [0] bis du sie löschst
        [one] { $retention } Tag, länger nur, solange sie noch ein Mensch ansehen soll
       *[other] { $retention } Tage, länger nur, solange sie noch ein Mensch ansehen soll
    }.
    - Was ich dir gesagt habe: { $messages } Tage.
    - Kopien der Datenbank, falls sie kaputtgeht: { $backups ->
        [one] nur die letzte
       *[other] die letzten { $backups }
    }. Was du löschst, steht darin, bis sie ersetzt werden.

    /my_data bringt dir alles als Datei.
    /delete_my_data löscht es.
ask-in-private = Das geht nur dich und mich an: Bitte frag mich in unserem eigenen Chat.

# $blocked, $reviews and $invited are 1 if that is so of this person, else 0.
delete-question =
    Gelöscht werden deine Fotos, was ich dazu gesagt habe, was du mir zu meinen Antworten gesagt hast, deine Sprache und deine Nummer. Fotos von dir, die noch warten, sieht sich niemand mehr an, und aus meinen Chats mit denen, die prüfen, nehme ich deine Fotos heraus.

    Es bleibt, dass es ein Foto gab und was Menschen darüber entschieden haben, ohne das Foto und ohne dich. Hat jemand anderes dasselbe Foto geschickt, bleibt dessen Foto.{ $blocked ->
        [0] {""}
       *[other] {" "}Deine Nummer bleibt auf der Liste derer, denen ich nicht antworte.
    }{ $reviews ->
        [0] {""}
       *[other] {" "}Dein Name beim Prüfen bleibt, mit dem, was du entschieden hast; wer diesen Bot betreibt, kann das ändern.
    }{ $invited ->
        [0] {""}
       *[other] {" "}Um mir wieder Fotos zu schicken, brauchst du eine neue Einladung.
    }

    Was wir einander geschrieben haben, bleibt in diesem Chat, bis du es in Telegram löschst. Das lässt sich nicht rückgängig machen. Soll ich löschen?
delete-button = Alles löschen
keep-button = Behalten
deleted = Alles ist gelöscht.
not-deleted = Es wurde nichts gelöscht.
delete-question-outdated = Diese Frage gilt nicht mehr, und es wurde nichts gelöscht. /delete_my_data stellt sie neu.

my-data = Alles, was ich über dich aufbewahre.
my-data-part =
    Alles, was ich über dich aufbewahre, Teil { $part } von { $parts }. In eine Datei passen nicht alle deine Fotos.
my-data-button = Teil { $part }
my-data-nothing = Ich bewahre nichts über dich auf.

# $seconds: how long it has waited.
overdue =
    Dein Foto wartet schon { DURATION($seconds) }, und noch hat es sich niemand angesehen. Es ist nicht vergessen: Ich sage dir, was dabei herauskommt.
