"""The reviewer's terminal screen: one key a photo, the next one there before the key."""
