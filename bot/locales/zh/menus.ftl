# The lines of the command menu; at most 256 characters each, and short ones are read.

menu-start = 这个机器人能做什么
menu-help = 使用说明
menu-why = 我是怎么得出回答的
menu-language = 我使用的语言
menu-privacy = 我保存什么，保存多久
menu-my_data = 我保存的关于你的一切（文件）
menu-delete_my_data = 删除你的照片和所有关于你的数据
menu-in-groups = 回复一张照片：上面是什么？
menu-review = 看下一张等待审核的照片
menu-queue = 等待中的照片，按原因和时间
menu-stats = 有多少在等待，回答有多准确
menu-model = 现在由哪个模型回答
menu-retrain = 从人工结论中学习
menu-moderator = 添加或移除审核员
menu-invite = 邀请某人
menu-block = 屏蔽某人
