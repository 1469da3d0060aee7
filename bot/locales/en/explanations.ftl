# What /why brings: the words under an explanation, and those in its place.

no-photo-yet = You have not sent me a photo yet. Send one, and then /why shows how I came to my answer.
not-your-photo =
    That is not about a photo of yours. Reply with /why to a photo that you sent, or to my answer to it.

explanation = This is how I came to “{ LABEL($label) }” ({ PERCENT($confidence) }).
explanation-unlike = This is why I would not guess: I do not know this kind of picture.
explanation-unjudged = I could not judge this photo when it came; this is how I see it now.
explanation-learnt-since = I have learnt since I judged this photo; this is how I see it now.

unexplained-photo_gone = This photo was deleted, so I can no longer show how I came to my answer.
unexplained-no_model =
    I cannot judge photos at the moment, so I cannot explain this one either. Please ask again later.
unexplained-failed = Something is wrong on my side: I could not explain this photo.
