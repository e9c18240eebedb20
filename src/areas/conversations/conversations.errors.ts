import { defineError } from '../../shared/app-error.ts'

export const conversationNotFound = defineError(404, 'conversations.not_found', 'Conversation not found')
export const foreignConversations = defineError(
  403,
  'conversations.foreign_user',
  'Not authorized to access these conversations',
)
export const foreignOwner = defineError(
  403,
  'conversations.foreign_owner',
  'Not authorized to create conversations for another user',
)
export const pageMismatch = defineError(409, 'conversations.page_mismatch', 'This conversation belongs to another page')
export const metadataTooLarge = defineError(
  422,
  'conversations.metadata_too_large',
  'message_metadata must have at most 256 KB as JSON',
)
export const tooManyTags = defineError(
  400,
  'conversations.too_many_tags',
  'This conversation already has 100 tags: take some off first',
)
