# What /why brings: the words under an explanation, and those in its place.

no-photo-yet = Todavía no me has enviado ninguna foto. Envía una y /why mostrará cómo llegué a mi respuesta.
not-your-photo =
    Eso no trata de una foto tuya. Responde con /why a una foto que hayas enviado, o a mi respuesta a ella.

explanation = Así llegué a «{ LABEL($label) }» ({ PERCENT($confidence) }).
explanation-unlike = Por esto no quise adivinar: no conozco este tipo de imagen.
explanation-unjudged = Cuando llegó esta foto no podía valorarla; así la veo ahora.
explanation-learnt-since = He aprendido desde que valoré esta foto; así la veo ahora.

unexplained-photo_gone = Esta foto se borró, así que ya no puedo mostrar cómo llegué a mi respuesta.
unexplained-no_model =
    Ahora mismo no puedo valorar fotos, así que tampoco puedo explicar esta. Vuelve a preguntar más tarde, por favor.
unexplained-failed = Algo va mal por mi parte: no he podido explicar esta foto.
