/**
 * Who asks, and what the workspace has subscribed to.
 *
 * @since 0.1.0
 */
import * as Answer from "../Answer.ts"
import type * as Call from "../Call.ts"
import type * as Tree from "../Tree.ts"

const subscription = (tier: string): Tree.Fields => ({
  tier,
  character_count: 0,
  character_limit: 100_000,
  max_character_limit_extension: 0,
  max_credit_limit_extension: 0,
  can_extend_character_limit: false,
  allowed_to_extend_character_limit: false,
  next_character_count_reset_unix: null,
  voice_slots_used: 0,
  professional_voice_slots_used: 0,
  professional_voice_slots_used_in_workspace: 0,
  voice_limit: 30,
  max_voice_add_edits: null,
  voice_add_edit_counter: 0,
  professional_voice_limit: 1,
  can_extend_voice_limit: false,
  can_use_instant_voice_cloning: true,
  can_use_professional_voice_cloning: false,
  currency: "usd",
  current_overage: { amount: "0", currency: "usd" },
  status: tier === "free" ? "free" : "active",
  billing_period: tier === "free" ? null : "monthly_period",
  character_refresh_period: "monthly_period"
})

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Call.Route> = [
  {
    method: "GET",
    path: "/v1/user",
    answer: ({ workspace }) =>
      Answer.value({
        user_id: "usr_sim0000000000000",
        subscription: subscription(workspace.limits.tier),
        is_new_user: false,
        can_use_delayed_payment_methods: false,
        is_onboarding_completed: true,
        is_onboarding_checklist_completed: true,
        first_name: "Sam",
        is_api_key_hashed: true,
        xi_api_key_preview: null,
        created_at: 1_700_000_000,
        seat_type: "workspace_admin"
      })
  },
  {
    method: "GET",
    path: "/v1/user/subscription",
    answer: ({ workspace }) =>
      Answer.value({
        ...subscription(workspace.limits.tier),
        next_invoice: null,
        open_invoices: [],
        has_open_invoices: false
      })
  }
]
