import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { jsonText, jsonTextList, withJsonText } from '../../http/json-text.ts'
import { requireUser } from '../../http/session.ts'
import { editPage, getOwnPage, movePage } from './page-changes.service.ts'
import * as errors from './pages.errors.ts'
import * as schema from './pages.schema.ts'
import * as service from './pages.service.ts'
import type { Page } from './pages.store.ts'

// Contents leave as the JSON text that is stored: no answer here is parsed and written again.

const toText = (page: Page): string => withJsonText(schema.toPageFields(page), { content: page.content })
const answer = (page: Page, status = 200) => jsonText(toText(page), status)

const answerDetail = ({ page, contentBackup }: service.PageDetail) =>
  jsonText(
    withJsonText(
      { ...schema.toPageFields(page), creator: null, navigation_route: null },
      { content: page.content, content_backup: contentBackup },
    ),
  )

const placeErrors = [
  errors.invalidParentType,
  errors.parentNotFound,
  errors.notAParent,
  errors.routeExists,
  errors.unknownNavigationRoute,
]
const changeErrors = [errors.pageNotFound, errors.parentCycle, errors.routeTooLong, errors.noUniqueRoute]

const pageRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.pages.page', prefix: '/:pageId' })
    .use(requireUser(deps))
    .get('', ({ user, params }) => answerDetail(service.getPage(deps, user.id, params.pageId)), {
      user: true,
      params: schema.PageParams,
      response: schema.PageDetail,
      detail: documented('A page of yours, or a published one', errors.pageNotFound),
    })
    .put('', ({ user, params, body }) => answer(editPage(deps, user.id, params.pageId, body)), {
      user: true,
      params: schema.PageParams,
      body: schema.UpdatePage,
      response: schema.Page,
      detail: documented(
        'Change what is sent; a new name without a route makes a new route',
        ...placeErrors,
        ...changeErrors,
        errors.storageFull,
      ),
    })
    .delete(
      '',
      ({ user, params, status }) => {
        service.removePage(deps, user.id, params.pageId)
        return status(204, undefined)
      },
      {
        user: true,
        params: schema.PageParams,
        response: { 204: schema.Nothing },
        detail: documented('Delete a page and its settings', errors.pageNotFound),
      },
    )
    .put('/hierarchy', ({ user, params, body }) => answer(movePage(deps, user.id, params.pageId, body)), {
      user: true,
      params: schema.PageParams,
      body: schema.UpdateHierarchy,
      response: schema.Page,
      detail: documented(
        'Move a page to another parent, or change the last part of its route; pages below it come along',
        ...placeErrors.filter((error) => error !== errors.unknownNavigationRoute),
        ...changeErrors,
      ),
    })
    .post(
      '/publish',
      ({ user, params, body }) => answer(service.publishPage(deps, user.id, params.pageId, body.publish)),
      {
        user: true,
        params: schema.PageParams,
        body: schema.PublishPage,
        response: schema.Page,
        detail: documented('Publish a page, or withdraw it', errors.pageNotFound),
      },
    )
    .post(
      '/backup',
      ({ user, params, body }) =>
        answer((body.create_backup ? service.backUpPage : getOwnPage)(deps, user.id, params.pageId)),
      {
        user: true,
        params: schema.PageParams,
        body: schema.BackUpPage,
        response: schema.Page,
        detail: documented(
          'Keep a copy of the content, in place of the last one',
          errors.pageNotFound,
          errors.storageFull,
        ),
      },
    )
    .post('/restore', ({ user, params }) => answer(service.restorePage(deps, user.id, params.pageId)), {
      user: true,
      params: schema.PageParams,
      response: schema.Page,
      detail: documented('Put the copy back as the content', errors.pageNotFound, errors.noBackup, errors.storageFull),
    })

export const pagesRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.pages', prefix: '/api/v1/pages' })
    .use(requireUser(deps))
    .get(
      '',
      ({ user, query }) => {
        const { pages, total } = service.listPages(deps, user.id, query)
        return jsonTextList(pages.map(toText), '{"pages":[', `],"total":${total}}`)
      },
      {
        user: true,
        query: schema.ListPagesQuery,
        response: schema.Pages,
        detail: documented(
          'Your pages in order of creation, with their contents; all filters at once',
          errors.navigationRouteNotFound,
        ),
      },
    )
    .post('', ({ user, body }) => answer(service.createPage(deps, user.id, body), 201), {
      user: true,
      body: schema.CreatePage,
      response: { 201: schema.Page },
      detail: documented('Create a page', ...placeErrors, errors.storageFull),
    })
    .get('/route/*', ({ user, params }) => answerDetail(service.getPageByRoute(deps, user.id, params['*'])), {
      user: true,
      response: schema.PageDetail,
      detail: documented('A page by its route: yours first, then a published one', errors.pageNotFound),
    })
    .use(pageRoutes(deps))
