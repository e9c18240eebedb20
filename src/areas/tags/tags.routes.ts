import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { requireUser } from '../../http/session.ts'
import * as errors from './tags.errors.ts'
import * as schema from './tags.schema.ts'
import { toTagWithCount } from './tags.schema.ts'
import { createTag, editTag, listTagsOf, removeTag } from './tags.service.ts'

/** ai.md 8. What ties tags to conversations lies with the conversations. */
export const tagsRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.tags', prefix: '/api/v1' })
    .use(requireUser(deps))
    .get('/users/:userId/tags', ({ user, params }) => listTagsOf(deps, user, params.userId).map(toTagWithCount), {
      user: true,
      params: schema.UserTagsParams,
      response: schema.Tags,
      detail: documented('Your tags, by name', errors.foreignTags),
    })
    .post('/tags', ({ user, body }) => toTagWithCount(createTag(deps, user, body)), {
      user: true,
      body: schema.CreateTag,
      response: schema.TagWithCount,
      detail: documented('Create a tag', errors.foreignTagOwner, errors.tooManyTags),
    })
    .put('/tags/:tagId', ({ user, params, body }) => toTagWithCount(editTag(deps, user.id, params.tagId, body)), {
      user: true,
      params: schema.TagParams,
      body: schema.UpdateTag,
      response: schema.TagWithCount,
      detail: documented('Change name or color', errors.tagNotFound),
    })
    .delete(
      '/tags/:tagId',
      async ({ user, params, status }) => {
        await removeTag(deps, user.id, params.tagId)
        return status(204, undefined)
      },
      {
        user: true,
        params: schema.TagParams,
        response: { 204: schema.Nothing },
        detail: documented('Delete a tag and take it off every conversation', errors.tagNotFound),
      },
    )
