# What moderators read while they review: cards, their buttons, and what becomes of them.

not-a-moderator = Eso solo puede hacerlo el equipo de moderación.
removed-reviewer = Ya no formas parte de quienes revisan. Quien opera el bot puede volver a incluirte con «bearbot review who add».
nothing-waits = No hay nada que revisar. ¡Buen trabajo!
outdated-review-button = Este botón ya no es válido. /review trae la siguiente foto.
nothing-to-undo = Eso ya se había retirado. /review trae la siguiente foto.
photo-gone = (no se puede mostrar la foto)
photo-deleted = Esta foto se borró.

button-none = Ninguno de estos
button-cant_tell = No se distingue
button-skip = Saltar
button-split = Ver cada una por separado
button-undo = Deshacer

reason-low_confidence = poca seguridad
reason-out_of_domain = distinta de las fotos con las que aprendió
reason-audit = control al azar
reason-disputed = quien preguntó no está de acuerdo
reason-no_model = no había ningún modelo en marcha

# A card begins with the item's number (#12) and the reasons why people look at it.
card-model = El modelo: { $ranking }
card-ranked = { LABEL($label) } { PERCENT($probability) }
card-claimed = Quien preguntó dice: { $claims }
card-blind = Varias personas juzgan esta foto, cada una por su cuenta: di lo que ves.
card-disagreement = Los revisores no coinciden: { $sayings }
card-said = { $reviewer } dice { $choice }
card-group =
    Tu respuesta vale también para { $count ->
        [one] la foto casi igual de abajo
       *[other] { $count } fotos casi iguales, véase abajo
    }.
card-waiting =
    En espera: { DURATION($seconds) }; { $left ->
        [0] no espera nada más
        [one] queda { $left } más en la cola
       *[other] quedan { $left } más en la cola
    }
card-result = { $choice }, según { $reviewer }
card-result-cant_tell = { $reviewer } no lo distingue
card-result-skip = saltada por { $reviewer }
card-undone = retirado por { $reviewer }
card-put-back = de vuelta en la cola

already-settled =
    el n.º { $item } ya está resuelto: { $reviewer } dijo «{ $label ->
        [none] ninguno de estos
       *[other] { LABEL($label) }
    }»
lease-lost = el n.º { $item } ya no es tuyo: se acabó el tiempo o lo pediste otra vez; vuelve a pedirlo
needs-adjudicator = los revisores no coinciden en el número { $item }: decide un moderador que aún no haya dicho nada
item-gone = el n.º { $item } ya no existe: se borró su foto
