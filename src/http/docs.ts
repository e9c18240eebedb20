import { Elysia } from 'elysia'
import type { Deps } from '../deps.ts'
export const docs = (_: Pick<Deps,'config'>) => new Elysia({ name: 'http.docs' })
