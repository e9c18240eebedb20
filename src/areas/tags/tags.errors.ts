import { defineError } from '../../shared/app-error.ts'

export const tagNotFound = defineError(404, 'tags.not_found', 'Tag not found')
export const foreignTags = defineError(403, 'tags.foreign_user', 'Not authorized to access these tags')
export const foreignTagOwner = defineError(403, 'tags.foreign_owner', 'Not authorized to create tags for another user')
export const tooManyTags = defineError(400, 'tags.too_many', 'You already have 1000 tags: delete some first')
