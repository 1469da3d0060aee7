# What becomes of a photo: the answer, the promise that a person looks, what people said, and why a file is no photo.

-promise = Una persona la mirará y te contaré lo que diga.

answered = Veo: { LABEL($label, form: "a") }. Lo digo con { PERCENT($confidence, form: "a") } de seguridad.
answered-of-two = Veo: { LABEL($label, form: "a") }. Lo digo con { PERCENT($confidence, form: "a") } de seguridad. También podría ser: { LABEL($runner_up, form: "a") } ({ PERCENT($runner_up_confidence) }).

in-review-unlike = No conozco este tipo de imagen, así que prefiero no adivinar. { -promise }
in-review-no-model = Ahora mismo no puedo valorar fotos, pero la tuya está a salvo. { -promise }
in-review-unsure = No estoy seguro de lo que muestra la foto. Lo más probable: { LABEL($label, form: "a") } ({ PERCENT($confidence) }). { -promise }

known =
    Conozco esta foto, ya la ha mirado una persona. { $label ->
        [none] No muestra nada de lo que conozco
       *[other] Muestra: { LABEL($label, form: "a") }
    }.
still-in-review = Esta foto ya está esperando a que la mire una persona. Te contaré lo que diga.
still-looking = Todavía estoy mirando tu foto. Vuelve a preguntarme en un momento.
album =
    { $count ->
        [one] Tu foto
       *[other] Tus { $count } fotos
    }:

human-answer =
    Una persona ha mirado tu foto. { $label ->
        [none] No muestra nada de lo que conozco
       *[other] Muestra: { LABEL($label, form: "a") }
    }.
human-answer-agreed = Una persona ha mirado tu foto. Muestra: { LABEL($label, form: "a") }. Yo también lo suponía.
human-answer-wrong =
    Una persona ha mirado tu foto. { $label ->
        [none] No muestra nada de lo que conozco
       *[other] Muestra: { LABEL($label, form: "a") }
    }. Yo te había dicho: { LABEL($guess, form: "a") }. Me equivoqué, perdona.
correction =
    Una corrección: una persona ha vuelto a mirar tu foto. { $label ->
        [none] No muestra nada de lo que conozco
       *[other] Muestra: { LABEL($label, form: "a") }
    }. Antes te habíamos dicho: { $previous ->
        [none] nada de lo que conozco
       *[other] { LABEL($previous, form: "a") }
    }. Perdona la confusión.

rejected-empty = Este archivo está vacío. Envíalo otra vez, por favor.
rejected-not_an_image =
    Este archivo no es una imagen que yo pueda leer. Envía una foto, o un archivo JPEG, PNG, WebP o HEIC, por favor.
rejected-damaged = Esta imagen está dañada o incompleta y no puedo leerla. Envíala otra vez, por favor.
rejected-too_many_bytes =
    Este archivo es demasiado grande para mí{ $megabytes ->
        [0] {""}
       *[other] {" "}(más de { $megabytes } MB)
    }. Envíalo como foto y no como archivo, por favor.
rejected-too_many_pixels =
    Esta imagen tiene demasiados píxeles para mí. Envíala como foto y no como archivo, por favor.
rejected-too_small = Esta imagen es demasiado pequeña para distinguir algo. Envía una más grande, por favor.
