import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    // Guards against what hangs. A machine with much else to do is slow, and proves nothing by that.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // More than cores: many tests wait for child processes.
    maxWorkers: 3,
    minWorkers: 1,
    reporters: ["default", "./test/FailedLast.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "library",
          include: ["test/**/*.test.ts"],
          exclude: ["test/cli/**", "test/crash/**"],
          globalSetup: ["test/store/PostgresSetup.ts"]
        }
      },
      // The command is tested as a user runs it: the bundle is built once, and only for these tests.
      {
        extends: true,
        test: {
          name: "command",
          include: ["test/{cli,crash}/**/*.test.ts"],
          globalSetup: ["test/globalSetup.ts", "test/store/PostgresSetup.ts"]
        }
      }
    ]
  }
})
