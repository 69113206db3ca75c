"""What things are told apart by."""

from typing import NewType

FeedId = NewType("FeedId", int)


EntryId = NewType("EntryId", int)


StoryId = NewType("StoryId", int)


SubscriptionId = NewType("SubscriptionId", int)


DeliveryId = NewType("DeliveryId", int)


BulletinId = NewType("BulletinId", int)


SwitchId = NewType("SwitchId", int)


EditId = NewType("EditId", int)


# Discord's own ids ("snowflakes").
GuildId = NewType("GuildId", int)


ChannelId = NewType("ChannelId", int)


MessageId = NewType("MessageId", int)


UserId = NewType("UserId", int)


RoleId = NewType("RoleId", int)
