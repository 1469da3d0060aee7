# Why a photo is not taken in now, or only later: limits, a full disk, a long line.

busy = 现在照片很多，你的这张排在第 { $place } 位。放心，不会丢失，你一定会收到回答。
full = 等待的照片太多，这一张我没能收下。请稍后再发一次。
refused-rate_limit = 一下子发得有点多：每人每分钟我最多收 { $limit } 张照片。请一分钟后再发这一张。
refused-daily_quota = 你一天之内已经发了 { $limit } 张照片，这是每人的上限。请明天再发这一张。
refused-disk_full = 我现在没有地方存放新照片。请稍后再发这一张；之前收下的照片都很安全。
