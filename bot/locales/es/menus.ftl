# The lines of the command menu; at most 256 characters each, and short ones are read.

menu-start = Qué hace este bot
menu-help = Cómo se usa
menu-why = Cómo llegué a mi respuesta
menu-language = El idioma en que escribo
menu-privacy = Qué guardo y durante cuánto tiempo
menu-my_data = Todo lo que guardo de ti, en un archivo
menu-delete_my_data = Borrar tus fotos y todo lo tuyo
menu-in-groups = En respuesta a una foto: ¿qué muestra?
menu-review = Mirar la siguiente foto que espera
menu-queue = Lo que espera, por motivo y antigüedad
menu-stats = Cuánto espera, y lo buenas que son las respuestas
menu-model = Qué modelo responde
menu-retrain = Aprender de lo que dijeron las personas
menu-moderator = Añadir o quitar a alguien del equipo de moderación
menu-invite = Dejar entrar a alguien
menu-block = Bloquear a alguien
