# What askers say of an answer, and what they hear about it: the buttons "Right" and "Wrong".

right-button = Correcto
wrong-button = Incorrecto
wrong-number-button = Incorrecta: { $number }
unknown-button = No lo sé
back-button = Atrás

claim-thanked = ¡Gracias, es bueno saberlo!
claim-opened = Gracias. Una persona la mirará.
claim-settled = Ya se ha mirado esta foto dos veces y la respuesta se mantiene. ¡Gracias de todos modos!
claim-repeated = Ya me lo habías dicho. ¡Gracias!
not-your-answer = Solo puede decirlo quien envió la foto.
outdated-answer-button = Este botón ya no es válido.

-promise-to-look = Una persona mirará tu foto y te contaré lo que diga.
noted =
    Tú dices: { $label ->
        [none] nada de lo que conozco
       *[other] { LABEL($label, form: "a") }
    }. { -promise-to-look }
noted-unknown = Dices que está mal. { -promise-to-look }
confirmed =
    Una persona ha vuelto a mirar tu foto y dice lo que ya te habíamos dicho: { $label ->
        [none] nada de lo que conozco
       *[other] { LABEL($label, form: "a") }
    }.
