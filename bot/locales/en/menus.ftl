# The lines of the command menu; at most 256 characters each, and short ones are read.

menu-start = What this bot does
menu-help = How to use it
menu-why = How I came to my answer
menu-language = The language I write in
menu-privacy = What I keep, and for how long
menu-my_data = Everything I keep about you, as a file
menu-delete_my_data = Delete your photos and all about you
menu-in-groups = In reply to a photo: what does it show?
menu-review = Look at the next photo that waits
menu-queue = What waits, by reason and age
menu-stats = How much waits, and how good the answers are
menu-model = Which model answers
menu-retrain = Learn from what people said
menu-moderator = Add or remove a moderator
menu-invite = Let somebody in
menu-block = Keep somebody out
