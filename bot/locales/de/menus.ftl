# The lines of the command menu; at most 256 characters each, and short ones are read.

menu-start = Was dieser Bot macht
menu-help = Wie du ihn benutzt
menu-why = Wie ich auf meine Antwort kam
menu-language = Die Sprache, in der ich schreibe
menu-privacy = Was ich aufbewahre, und wie lange
menu-my_data = Alles, was ich über dich aufbewahre, als Datei
menu-delete_my_data = Deine Fotos und alles über dich löschen
menu-in-groups = Als Antwort auf ein Foto: Was ist darauf?
menu-review = Das nächste Foto ansehen, das wartet
menu-queue = Was wartet, nach Grund und Alter
menu-stats = Wie viel wartet, und wie gut die Antworten sind
menu-model = Welches Modell antwortet
menu-retrain = Aus dem lernen, was Menschen gesagt haben
menu-moderator = Jemanden ins Moderationsteam holen oder daraus entlassen
menu-invite = Jemanden einladen
menu-block = Jemanden aussperren
