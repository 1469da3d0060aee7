# Why a photo is not taken in now, or only later: limits, a full disk, a long line.

busy = Ahora mismo llegan muchas fotos y la tuya es la número { $place } de la cola. No se pierde nada: tendrás tu respuesta.
full = Hay tantas fotos esperando que no he podido aceptar esta. Envíala otra vez más tarde, por favor.
refused-rate_limit =
    Eran muchas de golpe: acepto { $limit ->
        [one] una foto
       *[other] { $limit } fotos
    } por minuto de cada persona. Envía esta otra vez dentro de un minuto, por favor.
refused-daily_quota =
    Has enviado { $limit ->
        [one] una foto
       *[other] { $limit } fotos
    } en un día, y no acepto más de cada persona. Envía esta otra vez mañana, por favor.
refused-disk_full =
    Ahora mismo no tengo sitio para fotos nuevas. Envía esta otra vez más tarde, por favor; las que ya acepté están a salvo.
