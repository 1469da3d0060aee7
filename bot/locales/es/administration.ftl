# What /queue, /model, /retrain and /moderator bring, and pings: for moderators and admins.

queue-waiting = { $count } fotos esperan a que las mire una persona
queue-one =
    Una foto espera a que la mire una persona: { $reasons }.
    Lleva esperando { DURATION($seconds) }. { $held ->
        [0] Nadie la está mirando: /review la trae.
       *[other] Alguien la está mirando.
    }
queue-ages = En espera
queue-in-hands =
    { $count ->
        [0] Nadie está mirando ninguna.
        [one] Alguien está mirando una de ellas.
       *[other] Se están mirando { $count } de ellas.
    }
queue-hint = /review trae la siguiente.
age-under_an_hour = menos de una hora
age-under_a_day = menos de un día
age-under_a_week = menos de una semana
age-older = más tiempo

not-an-admin = Eso solo pueden hacerlo los administradores.

model-since = Responde desde { $time }.
model-backbone =
    Red base: { $backbone }, { $tuned ->
        [yes] ajustada
       *[no] tal como viene, con una cabeza entrenada encima
    }.
model-labels =
    { $count ->
        [0] No conoce ninguna etiqueta.
       *[other] Conoce { LABELS($labels) }.
    }
model-measured = { SHARE($share) } de { $total } fotos de prueba acertadas (en realidad, entre { SHARE($low) } y { SHARE($high) })
model-not-measured = sin medir
model-none = Todavía no responde ningún modelo: todas las fotos van a personas.
model-unreadable = No se puede leer. «bearbot doctor» le dice por qué a quien lo opera.
model-others = Otras versiones
model-line-previous = - { $version } (respondía antes): { $said }
model-more = y { $count } más: «bearbot model list»
model-question = ¿Debe responder { $version } a partir de ahora, en lugar de { $champion }?
model-comparison = Cuando se entrenó, la comparación dijo: { $said }
model-other-labels =
    { $count ->
        [0] No conoce ninguna etiqueta.
       *[other] Atención, conoce otras: { LABELS($labels) }.
    }
model-moved = A partir de ahora responde { $version }.
model-not-moved = { $version } no se puede usar, así que no se cambió nada. «bearbot doctor» le dice más a quien lo opera.
model-changed = Los modelos han cambiado desde que los viste, así que no se cambió nada. Míralos otra vez.
button-promote = Que responda { $version }
button-roll-back = Volver a { $version }
button-confirm-move = Sí
button-cancel = Cancelar

retrain-started = Ha empezado un reentrenamiento. Tarda unos minutos; te diré en qué acaba.
retrain-running = Ya hay un reentrenamiento en marcha. Espera a que acabe y vuelve a pedirlo.
retrained-promoted = El reentrenamiento ha terminado: a partir de ahora responde { $candidate }, en lugar de { $champion }. /model puede deshacerlo.
retrained-kept = El reentrenamiento ha terminado: sigue respondiendo { $champion }.
retrained-failed = El reentrenamiento no llegó a nada: sigue respondiendo { $champion }.
retrained-not_started = El reentrenamiento no pudo empezar.

appointed = Ahora formas parte del equipo de moderación: /review te trae la siguiente foto y /queue muestra cuántas esperan.

ping =
    { $waiting ->
        [one] Una foto espera
       *[other] { $waiting } fotos esperan
    }{ $disputed ->
        [0] {""}
       *[other] , { $disputed } con desacuerdo
    }. /review

moderator-usage =
    /moderator add NÚMERO y /moderator remove NÚMERO, con el número de Telegram de alguien; o sin número, en respuesta a un mensaje suyo que me hayas reenviado.
    /moderator list muestra quién revisa.
moderator-unknown-name = No puedo encontrar a la gente por su @nombre. Reenvíame un mensaje suyo y responde a él con la orden, o dame su número de Telegram.
moderator-hidden = Telegram no me dice quién escribió este mensaje, porque lo oculta. Dame su número de Telegram.
moderator-is-a-bot = Eso es un bot. Solo pueden revisar personas.
moderator-is-admin = { $name } es administrador, y eso solo lo cambia la configuración (BOT_ADMINS).
moderator-added = { $name } ya forma parte del equipo de moderación y recibe un aviso.
moderator-added-unseen = { $name } ya forma parte del equipo de moderación, pero nunca me ha escrito, así que no puedo avisar. Pídele que me envíe /start.
moderator-removed = { $name } ya no forma parte del equipo de moderación.
moderator-not-one = { $name } no forma parte del equipo de moderación.
moderator-list = Revisan en el chat:
moderator-by-admin = administración
moderator-by-settings = moderación, por la configuración
moderator-by-appointed = moderación, añadido en el chat
