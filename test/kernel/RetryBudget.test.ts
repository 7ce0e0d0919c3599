import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { RetryBudget } from "../../src/kernel/RetryBudget.ts"

describe("RetryBudget", () => {
  it("refuses when it is spent, and counts the refusals", () => {
    const budget = new RetryBudget({ ratio: 0, perSecond: 0, capacity: 2 })
    expect([1, 2, 3, 4].map(() => budget.tryWithdraw(0))).toEqual([true, true, false, false])
    expect(budget.refusals).toBe(2)
  })

  it("earns a share of a retry with each call", () => {
    const budget = new RetryBudget({ ratio: 0.5, perSecond: 0, capacity: 1 })
    budget.tryWithdraw(0)
    budget.deposit()
    expect(budget.tryWithdraw(0)).toBe(false)
    budget.deposit()
    expect(budget.tryWithdraw(0)).toBe(true)
  })

  it("comes back with time, up to its capacity, and not when the clock steps back", () => {
    const budget = new RetryBudget({ ratio: 0, perSecond: 2, capacity: 3 })
    for (const _ of [1, 2, 3]) budget.tryWithdraw(1000)
    expect(budget.available(1499)).toBe(0)
    expect(budget.available(1500)).toBe(1)
    expect(budget.available(500)).toBe(1)
    expect(budget.available(1500)).toBe(1)
    expect(budget.available(1e9)).toBe(3)
  })

  it.prop(
    "never lets retries exceed what was saved up, earned and refilled",
    {
      ratio: FastCheck.double({ min: 0, max: 1, noNaN: true }),
      capacity: FastCheck.integer({ min: 0, max: 20 }),
      steps: FastCheck.array(FastCheck.tuple(FastCheck.boolean(), FastCheck.integer({ min: 0, max: 500 })), {
        maxLength: 200
      })
    },
    ({ capacity, ratio, steps }) => {
      const budget = new RetryBudget({ ratio, perSecond: 1, capacity })
      let now = 0
      let calls = 0
      let retries = 0
      for (const [isCall, pause] of steps) {
        now += pause
        if (isCall) {
          calls += 1
          budget.deposit()
        } else if (budget.tryWithdraw(now)) retries += 1
      }
      expect(retries).toBeLessThanOrEqual(capacity + calls * ratio + now / 1000 + 1e-6)
    }
  )

  it("refuses options that make no sense", () => {
    for (const options of [{ ratio: -1 }, { perSecond: Number.NaN }, { capacity: Number.POSITIVE_INFINITY }]) {
      expect(() => new RetryBudget(options)).toThrow(RangeError)
    }
  })
})
