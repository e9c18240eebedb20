import { defineConfig } from 'drizzle-kit'

export default defineConfig({ dialect: 'sqlite', schema: './src/areas/*/*.table.ts', out: './drizzle' })
