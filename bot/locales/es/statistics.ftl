# What /stats brings: photos, queue, random checks and model.

-ask-the-doctor = «bearbot doctor» le dice por qué a quien administra el bot.

stats-photos =
    Fotos enviadas: { $sent }
    Respondidas solo por el modelo: { $alone }

stats-waiting = Esperan a una persona: { $count }
stats-reason = - { $reason }: { $count }
stats-longest-wait = Espera más larga: { DURATION($seconds) }
stats-settled = Resueltas por personas: { $count }

stats-random-checks = Controles al azar de lo que el modelo respondió solo
stats-no-random-checks = Todavía no hay, así que no se sabe cuántas de esas respuestas son correctas.
stats-agreement =
    Las personas estuvieron de acuerdo con { $count } de { $total } ({ SHARE($share) }).
    De todas esas respuestas son correctas entre el { SHARE($low) } y el { SHARE($high) }, con un { SHARE($confidence) } de confianza.

stats-model = Modelo { $version }
stats-model-unnamed = Modelo
stats-no-model = No se puede cargar ninguno, así que todas las fotos van a personas. { -ask-the-doctor }
stats-stranded = Sigue porque no se puede cargar el que debería responder. { -ask-the-doctor }
stats-no-promise = No se puede leer lo que promete. { -ask-the-doctor }
stats-answers-nothing = No responde nada solo: todas las fotos van a personas.
stats-answers-from = Responde solo cuando está seguro al menos al { SHARE($threshold) }.
stats-guaranteed = Como mucho un { SHARE($risk) } de esas respuestas son erróneas, con un { SHARE($confidence) } de confianza.
stats-assumption = Eso vale bajo un supuesto que figura en la ficha del modelo: { $assumption }.
stats-assumed-mix =
    Eso vale mientras, de lo que llega, el { SHARE($subject) } sean fotos como las de entrenamiento{ $others ->
        [far] {" "}y el { SHARE($far) } imágenes de otra cosa
        [near] {" "}y el { SHARE($near) } imágenes que solo se parecen
       *[both] , el { SHARE($far) } imágenes de otra cosa y el { SHARE($near) } imágenes que solo se parecen
    }, de tipos como los que se usaron para probarlo. Las respuestas a estas cuentan como erróneas.
stats-assumed-alone =
    Eso vale mientras todo lo que llega sean fotos como las de entrenamiento. El modelo no se probó con nada más (entrénalo con --near y --far).
stats-assumed-traffic =
    Eso vale mientras lo que llega se parezca a las { $count } fotos, una de cada remitente, que se sacaron al azar de todo lo que llegó antes y que juzgaron personas.
stats-measured = Medido: { $errors } erróneas de { $answered } respuestas así.
stats-too-few-photos = No promete nada, porque se midió con muy pocas fotos.
stats-too-often-wrong = No promete nada, porque se equivocó demasiado a menudo.
stats-measured-bound =
    Medido: { $errors } erróneas de { $answered } respuestas así, de modo que podrían serlo hasta un { SHARE($bound) }; se pedía como mucho un { SHARE($risk) }.
stats-cautious = Hasta que eso cambie, responde solo aquello de lo que está casi seguro, y más fotos van a personas.
