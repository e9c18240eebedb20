import { AppError } from '../../shared/app-error.ts'
import { createSemaphore } from '../../shared/semaphore.ts'
import { tooManyLogins } from './auth.errors.ts'

/** OWASP's argon2id minimum (19 MiB, two passes): about 40 ms of one core, and a home server's memory can take a queue of them. */
export const argon2id = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const
const bcryptPrefix = '$2'
const bcryptMaxBytes = 72
/** argon2id of a random text, made with the parameters above. */
const nobodysHash =
  '$argon2id$v=19$m=19456,t=2,p=1$JqTcCCgBNTMYs7qWyYo5osdHUQYA3J8n263IEMdU2gU$hdMkpi1x50zBSQ8y7U07NK6DlIVFO7RLi2CWyfdcsCk'

export interface Passwords {
  hash(password: string): Promise<string>
  /** Without a hash (unknown account) it takes the same time and is false. */
  verify(password: string, hash: string | undefined): Promise<boolean>
  /** An imported bcrypt hash, to be replaced at the next login. */
  needsRehash(hash: string): boolean
}

/** bcrypt counts 72 bytes; Bun would hash longer passwords first, which old hashes never did (auth.md 3.4). */
const forHash = (password: string, hash: string) =>
  hash.startsWith(bcryptPrefix) ? Buffer.from(password).subarray(0, bcryptMaxBytes) : password

/** Two hashes at once, 64 in line: more waiting logins are answered 503 at once instead of late. */
export const createPasswords = (parameters: Bun.Password.Argon2Algorithm = argon2id): Passwords => {
  const queue = createSemaphore(2, 64, () => new AppError(tooManyLogins, { headers: { 'retry-after': '5' } }))
  return {
    hash: (password) => queue.run(() => Bun.password.hash(password, parameters)),
    verify: (password, hash) =>
      queue.run(async () => {
        const matches = await Bun.password
          .verify(forHash(password, hash ?? nobodysHash), hash ?? nobodysHash)
          .catch(() => false)
        return hash !== undefined && matches
      }),
    needsRehash: (hash) => hash.startsWith(bcryptPrefix),
  }
}
