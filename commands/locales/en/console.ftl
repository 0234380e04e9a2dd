# What a console says about itself.
console-welcome = rotabot { $version } · you are { $person }
console-welcome-stranger = rotabot { $version }
console-welcome-help = { $command } lists what you can type; Tab completes.
console-leave = Ctrl-D leaves; the bot goes on.
console-leave-ends-bot = Ctrl-D stops the bot; what is under way goes on at its next start.
console-leave-ends-demo = Ctrl-D, or Ctrl-C once more, closes the shop; nothing is kept.
console-watching = It goes on by itself; the result will be shown here. Type to do something else.
console-working = Working on it
console-working-rule = The bot is slow to answer. Nothing is promised yet; the answer will be shown here.
console-no-button = Nothing was changed: there is no button { $number }
console-no-button-rule = Buttons are chosen by the numbers shown in front of them.
console-no-buttons = There are no buttons now.
console-not-shown = { $lines ->
    [one] 1 line was not shown: nobody was reading. { $command } tells what is open.
   *[other] { $lines } lines were not shown: nobody was reading. { $command } tells what is open.
}

# The bot behind the socket.
lost-waiting = The bot is gone. Waiting for it to come back.
lost-back = The bot is back.
lost-not-running = Nothing was done: no bot is running here
lost-not-running-next = It would be reached at { $socket }. Start it with { $command }, or name its data folder with { $option }.
lost-busy-waiting = The bot is busy. Waiting for its answer.
lost-busy = Nothing was done: the bot is running, but busy
lost-busy-next = It did not get to you. Close consoles that nobody uses, then try again in a minute; if it stays so, look at its log.
lost-busy-following = The change goes on; the bot is too busy to tell
lost-busy-following-next = Look in a minute: { $command }
lost-not-allowed = Nothing was done: this bot belongs to another user
lost-not-allowed-next = Run this as the user of the bot, or as root: { $socket } is theirs alone.
lost-outcome-unknown = Can't tell whether it was done: the bot is gone
lost-outcome-unknown-next = It was asked, and went away before it answered. Start it, then look: { $command }
lost-gone = The bot is gone; the change goes on at its next start
lost-gone-next = Start it, then look: { $command }
lost-version = Nothing was done: the bot is another version of rotabot
lost-version-next = Use the same program as the running bot, or restart the bot with this one.
lost-not-yours = You may not look at this
lost-not-yours-next = What goes on there goes on. Whoever has the right `view` in that environment can show it to you, or an admin can give you that right.
lost-failed = Nothing was done: the bot could not answer
