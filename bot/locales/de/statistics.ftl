# What /stats brings: photos, queue, random checks and model.

-ask-the-doctor = Warum, sagt „bearbot doctor“ dem Betreiber.

stats-photos =
    Geschickte Fotos: { $sent }
    Vom Modell allein beantwortet: { $alone }

stats-waiting = Warten auf Menschen: { $count }
stats-reason = - { $reason }: { $count }
stats-longest-wait = Längste Wartezeit: { DURATION($seconds) }
stats-settled = Von Menschen entschieden: { $count }

stats-random-checks = Stichproben aus dem, was das Modell allein beantwortet hat
stats-no-random-checks = Noch keine; wie viele dieser Antworten stimmen, ist deshalb nicht bekannt.
stats-agreement =
    Menschen stimmten bei { $count } von { $total } zu ({ SHARE($share) }).
    Von all diesen Antworten stimmen { SHARE($low) } bis { SHARE($high) }, mit { SHARE($confidence) } Sicherheit.

stats-model = Modell { $version }
stats-model-unnamed = Modell
stats-no-model = Es lässt sich keines laden, deshalb geht jedes Foto an Menschen. { -ask-the-doctor }
stats-stranded = Es macht weiter, weil das Modell, das antworten sollte, sich nicht laden lässt. { -ask-the-doctor }
stats-no-promise = Was es verspricht, lässt sich nicht lesen. { -ask-the-doctor }
stats-answers-nothing = Es beantwortet nichts allein: Jedes Foto geht an Menschen.
stats-answers-from = Es antwortet allein, wenn es sich zu mindestens { SHARE($threshold) } sicher ist.
stats-guaranteed = Höchstens { SHARE($risk) } dieser Antworten sind falsch, mit { SHARE($confidence) } Sicherheit.
stats-assumption = Das gilt unter einer Annahme, die auf der Karte des Modells steht: { $assumption }.
stats-assumed-mix =
    Das gilt, solange { SHARE($subject) } von dem, was ankommt, Fotos wie die Trainingsfotos sind{ $others ->
        [far] {" "}und { SHARE($far) } Bilder von etwas anderem
        [near] {" "}und { SHARE($near) } nur so ähnlich aussehen
       *[both] , { SHARE($far) } Bilder von etwas anderem sind und { SHARE($near) } nur so ähnlich aussehen
    }, von Arten wie denen, an denen es erprobt wurde. Antworten auf solche Bilder zählen als falsch.
stats-assumed-alone =
    Das gilt, solange alles, was ankommt, Fotos wie die Trainingsfotos sind. An anderem wurde das Modell nicht erprobt (trainiere es mit --near und --far).
stats-assumed-traffic =
    Das gilt, solange das, was ankommt, den { $count } Fotos gleicht, einem von jedem Absender, die aus allem bisher Angekommenen gezogen und von Menschen beurteilt wurden.
stats-measured = Gemessen: { $errors } von { $answered } solchen Antworten waren falsch.
stats-too-few-photos = Es verspricht nichts, weil es an zu wenigen Fotos gemessen wurde.
stats-too-often-wrong = Es verspricht nichts, weil es zu oft falsch lag.
stats-measured-bound =
    Gemessen: { $errors } von { $answered } solchen Antworten waren falsch, es könnten also bis zu { SHARE($bound) } falsch sein; höchstens { SHARE($risk) } waren verlangt.
stats-cautious = Bis sich das ändert, beantwortet es nur, was es fast sicher weiß, und mehr Fotos gehen an Menschen.
