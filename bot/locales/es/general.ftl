# What is said to everybody: greeting, help, what is no photo, and what went wrong in general.

start =
    ¡Hola! Envíame una foto y te digo qué muestra{ $count ->
        [0] {""}
       *[other] : { LABELS($labels, last: "or") }
    }. Cuando no estoy seguro, la mira una persona y te llega su respuesta.

    Las fotos se guardan, sin su ubicación ni los datos de la cámara, para que haya personas que puedan comprobar y mejorar las respuestas. Más sobre esto: /privacy
help =
    Envíame una foto, o una imagen como archivo.{ $count ->
        [0] {""}
       *[other] {" "}Conozco estos tipos: { LABELS($labels) }.
    }
    Respondo enseguida cuando estoy seguro; si no, una persona mira la foto y te cuento lo que diga.
    /why muestra cómo llegué a mi última respuesta; enviado en respuesta a otra, cómo llegué a esa.
    /language cambia el idioma en que escribo.
    /privacy explica qué guardo; /my_data te lo trae en un archivo y /delete_my_data lo borra.
help-for-moderators =
    Formas parte del equipo de moderación: /review te trae la siguiente foto que espera.
    /queue muestra lo que espera, por motivo y antigüedad.
    /stats muestra cuánto hay en espera y lo buenas que son las respuestas.
    /model muestra qué modelo responde y qué promete.
    /block, en respuesta a una ficha de revisión, deja fuera a quien envió su foto; /unblock le deja entrar de nuevo.
help-for-admins =
    Además administras este bot: con /model también puedes hacer que responda otro modelo.
    /retrain hace que aprenda de lo que han dicho las personas.
    /moderator add y remove deciden quién revisa; /moderator list lo muestra.
    /invite crea un enlace que deja entrar, cuando solo atiendo a personas invitadas.
    /block y /unblock aceptan también el número de Telegram de una persona.
not-a-picture =
    Solo puedo mirar fotos y archivos de imagen.{ $count ->
        [0] {""}
       *[other] {" "}Envíame una de estas cosas: { LABELS($labels, last: "or", form: "a") }.
    }
group-help = Responde a una foto con /{ $command }, o envía una con mi nombre en el pie de foto, y te digo qué muestra.
failed = Algo va mal por mi parte: no he podido procesar este mensaje. Envíalo otra vez más tarde, por favor.
outdated-button = Este botón ya no es válido.
