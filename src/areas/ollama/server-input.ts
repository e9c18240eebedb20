import type { Deps } from '../../deps.ts'
import type { ServerAccess } from '../../shared/model-server/server-access.ts'
import { findOllamaKey } from './ollama-servers.service.ts'
import * as errors from './ollama.errors.ts'
import { parseServerUrl, toServerBase } from './server-address.ts'

/** The base of an address that a client sent. Throws 400. */
export const readServerBase = (text: string): string => {
  const url = parseServerUrl(text)
  if (!url) throw errors.invalidServerUrl()
  if (url.username !== '' || url.password !== '') throw errors.urlWithCredentials()
  return toServerBase(url)
}

/** Throws 400 for an empty name. */
export const readModelName = (text: string | null | undefined): string => {
  const name = text?.trim()
  if (!name) throw errors.modelNameRequired()
  return name
}

/** With the key that the client sent, or else the one that the user saved for this very server. */
export const toServerAccess = (
  deps: Pick<Deps, 'db' | 'secretBox' | 'log'>,
  userId: string,
  baseUrl: string,
  givenKey: string | null | undefined,
): ServerAccess => ({ baseUrl, apiKey: givenKey?.trim() || findOllamaKey(deps, userId, baseUrl) })
