# What /why brings: the words under an explanation, and those in its place.

no-photo-yet = Du hast mir noch kein Foto geschickt. Schick eines, dann zeigt /why, wie ich auf meine Antwort gekommen bin.
not-your-photo =
    Dabei geht es nicht um ein Foto von dir. Antworte mit /why auf ein Foto, das du geschickt hast, oder auf meine Antwort dazu.

explanation = So bin ich auf „{ LABEL($label) }“ gekommen ({ PERCENT($confidence) }).
explanation-unlike = Darum wollte ich nicht raten: Diese Art von Bild kenne ich nicht.
explanation-unjudged = Als dieses Foto kam, konnte ich es nicht beurteilen; so sehe ich es jetzt.
explanation-learnt-since = Seit ich dieses Foto beurteilt habe, habe ich dazugelernt; so sehe ich es jetzt.

unexplained-photo_gone = Dieses Foto wurde gelöscht, deshalb kann ich nicht mehr zeigen, wie ich auf meine Antwort gekommen bin.
unexplained-no_model =
    Ich kann gerade keine Fotos beurteilen und deshalb auch dieses nicht erklären. Bitte frag später noch einmal.
unexplained-failed = Bei mir ist etwas schiefgegangen: Ich konnte dieses Foto nicht erklären.
