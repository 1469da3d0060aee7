# What is kept about people, how they get it and how they get rid of it: /privacy, /my_data, /delete_my_data.

privacy =
    Qué guardo
    - Las fotos que envías, sin su ubicación ni los datos de la cámara; lo que dije de ellas y lo que dijeron las personas; cuándo llegaron y desde qué chat.
    - Tu número de Telegram y tu idioma. Tu nombre, no.

    Para qué
    - Para responderte y para aprender: las fotos que han juzgado las personas me enseñan.

    Quién lo ve
    - Quienes revisan fotos ven la foto, pero no quién la envió. Algunos lo hacen en su chat conmigo; cuando se borra una foto, también desaparece de allí.
    - Quien gestiona este bot.

    Cuánto tiempo
    - Las fotos: { $retention ->
        [0] hasta que las borres
        [one] { $retention } día; más, solo mientras una persona aún tenga que mirarlas
       *[other] { $retention } días; más, solo mientras una persona aún tenga que mirarlas
    }.
    - Lo que te dije: { $messages } días.
    - Copias de la base de datos, por si se estropea: { $backups ->
        [one] solo la última
       *[other] las { $backups } últimas
    }. Lo que borras sigue en ellas hasta que se sustituyen.

    /my_data te lo trae todo en un archivo.
    /delete_my_data lo borra.
ask-in-private = Eso queda entre tú y yo: pregúntamelo en nuestro propio chat, por favor.

# $blocked, $reviews and $invited are 1 if that is so of this person, else 0.
delete-question =
    Se borran tus fotos, lo que dije de ellas, lo que me dijiste de mis respuestas, tu idioma y tu número. Nadie mirará ya las fotos tuyas que aún esperan, y retiro tus fotos de mis chats con quienes revisan.

    Queda que hubo una foto y lo que las personas decidieron, sin la foto y sin ti. Si alguien más envió la misma foto, la suya se queda.{ $blocked ->
        [0] {""}
       *[other] {" "}Tu número sigue en la lista de aquellos a quienes no respondo.
    }{ $reviews ->
        [0] {""}
       *[other] {" "}Tu nombre al revisar se queda, con lo que decidiste; quien gestiona este bot puede cambiarlo.
    }{ $invited ->
        [0] {""}
       *[other] {" "}Para volver a enviarme fotos necesitarás otra invitación.
    }

    Lo que nos hemos escrito se queda en este chat hasta que lo borres en Telegram. Esto no se puede deshacer. ¿Lo borro?
delete-button = Borrarlo todo
keep-button = Conservarlo
deleted = Todo está borrado.
not-deleted = No se ha borrado nada.
delete-question-outdated = Esta pregunta ya no es válida y no se ha borrado nada. /delete_my_data la hace de nuevo.

my-data = Todo lo que guardo sobre ti.
my-data-part =
    Todo lo que guardo sobre ti, parte { $part } de { $parts }. En un solo archivo no caben todas tus fotos.
my-data-button = Parte { $part }
my-data-nothing = No guardo nada sobre ti.

# $seconds: how long it has waited.
overdue =
    Tu foto lleva { DURATION($seconds) } esperando y nadie ha podido mirarla todavía. No está olvidada: te contaré lo que digan.
