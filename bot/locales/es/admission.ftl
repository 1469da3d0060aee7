# Who may use the bot: what those hear who may not, and what admins read when they let people in or keep them out.

not-admitted-allow_list =
    Este bot solo responde a quienes ha admitido su responsable. Si sabes quién lo gestiona, dile tu número: { $user }. /privacy explica qué guardo.
not-admitted-invitation =
    Este bot es para personas invitadas. Pide una invitación a quien lo gestiona y abre el enlace. /privacy explica qué guardo.
invitation-void = Esta invitación está agotada o ha caducado. Pide otra, por favor.

invitation =
    Quien abra este enlace podrá usarme: { $uses ->
        [one] una persona
       *[other] { $uses } personas
    }, durante { $days ->
        [one] un día
       *[other] { $days } días
    }. No guardo ninguna copia.
    { $link }
invitation-not-needed = Ahora mismo nadie necesita invitación: BOT_ACCESS es { $access }.
invite-usage = /invite, o /invite PERSONAS DÍAS, por ejemplo /invite 5 7: hasta { $uses } personas, hasta { $days } días.
block-usage = Responde con /{ $command } a una ficha de revisión, o indica un número: /{ $command } 123456789.
block-unknown = Ya no sé quién envió esta foto.
block-refused = No se puede bloquear a moderadores ni administradores. Quítalos antes de la lista.
block-done = Bloqueado. Ya no respondo a esta persona.
block-undone = Ya no está bloqueado.
