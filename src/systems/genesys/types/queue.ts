/**
 * Queues.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Attributes, Listing, Table } from "../Table.ts"
import { block, blocks, boolean, map, number, ref, set, string } from "../Table.ts"
import { division, idOf, memberGroup, named, objects, script, text } from "./Conversions.ts"

/** Queues that a workforce of another system shares are listed only when asked for, and alone. */
const listing = (hasPeer: "true" | "false"): Listing => ({
  path: "/api/v2/routing/queues",
  query: { hasPeer },
  paging: "pages",
  pageSize: 500
})

const mediaSettings: Attributes = {
  alerting_timeout_sec: number({ from: "alertingTimeoutSeconds" }),
  enable_auto_answer: boolean(),
  service_level_duration_ms: number({ from: "serviceLevel.durationMs" }),
  service_level_percentage: number({ from: "serviceLevel.percentage" })
}

const alertTones: Attributes = {
  auto_answer_alert_tone_seconds: number(),
  manual_answer_alert_tone_seconds: number()
}

const callbackSettings: Attributes = {
  ...mediaSettings,
  ...alertTones,
  answering_machine_flow_id: idOf("answeringMachineFlow", "genesyscloud_flow"),
  answering_machine_reaction_type: string(),
  auto_dial_delay_seconds: number(),
  auto_end_delay_seconds: number(),
  enable_auto_dial_and_end: boolean(),
  live_voice_flow_id: idOf("liveVoiceFlow", "genesyscloud_flow"),
  live_voice_reaction_type: string(),
  max_retry_count: number(),
  mode: string({ computed: true }),
  pacing_modifier: number(),
  retry_delay_seconds: number()
}

const messageSettings: Attributes = {
  ...mediaSettings,
  enable_inactivity_timeout: boolean(),
  inactivity_timeout_settings: block({
    action_type: string({ required: true }),
    timeout_seconds: number({ required: true }),
    flow_id: idOf("flowId", "genesyscloud_flow")
  }),
  sub_type_settings: blocks({
    enable_auto_answer: boolean({ required: true }),
    media_type: string({ required: true }),
    enable_inactivity_timeout: boolean()
  }, { convert: named("mediaType") })
}

const media = (name: string, attributes: Attributes) =>
  block(attributes, { from: `mediaSettings.${name}`, computed: true })

const memberGroups: Attributes = {
  member_group_id: string({ from: "id", required: true, ref: memberGroup }),
  member_group_type: string({ from: "type", required: true })
}

/** Another queue; the queue itself is what is meant where none is named. */
const otherQueue = (from: string, computed?: true) =>
  string({ from, computed, ref: ref("genesyscloud_routing_queue", { notSelf: true }) })

const conditions = blocks({
  operator: string({ required: true }),
  simple_metric: block({
    metric: string({ required: true }),
    queue_id: otherQueue("queue.id", true)
  }, { required: true }),
  value: number({ required: true })
}, { required: true, max: 10 })

const groupActivation = block({
  rules: blocks({
    condition_expression: string({ required: true }),
    conditions,
    groups: blocks(memberGroups, { nesting: "set", required: true, max: 5 })
  }, { required: true, max: 5 }),
  pilot_rule: block({ condition_expression: string({ required: true }), conditions })
}, { computed: true })

/** The first rule is always about the queue itself, and must name none. */
const groupRoutingRules = (value: Json.Json): Json.Json | undefined =>
  objects(value).map((rule, index) => index === 0 ? { ...rule, queue: null } : rule)

const groupRouting = blocks({
  groups: blocks(memberGroups, { nesting: "set", required: true }),
  condition_value: number(),
  metric: string(),
  operator: string(),
  queue_id: otherQueue("queue.id"),
  wait_seconds: number()
}, { from: "conditionalGroupRouting.rules", max: 5, convert: groupRoutingRules })

const timeout = (criteria: Json.Json): Json.Json | undefined =>
  objects(criteria).find((each) => each["type"] === "TIMEOUT_SECONDS")?.["threshold"]

const bullseye = blocks({
  expansion_timeout_seconds: number({ from: "expansionCriteria", required: true, zero: true, convert: timeout }),
  member_groups: blocks(memberGroups, { nesting: "set" }),
  skills_to_remove: set({ from: "actions.skillsToRemove.id", ref: ref("genesyscloud_routing_skill") })
}, { from: "bullseye.rings", max: 6 })

const directRouting = block({
  agent_wait_seconds: number(),
  backup_queue_id: otherQueue("backupQueueId", true),
  call_use_agent_address_outbound: boolean({ from: "callMediaSettings.useAgentAddressOutbound" }),
  email_use_agent_address_outbound: boolean({ from: "emailMediaSettings.useAgentAddressOutbound" }),
  message_use_agent_address_outbound: boolean({ from: "messageMediaSettings.useAgentAddressOutbound" }),
  wait_for_agent: boolean()
})

/** The member groups of one kind. */
const groups = (kind: string, to: "genesyscloud_group" | "genesyscloud_routing_skill_group" | "genesyscloud_team") =>
  set({
    from: "memberGroups",
    ref: ref(to),
    convert: (value) => objects(value).filter((each) => each["type"] === kind).flatMap((each) => text(each, "id") ?? [])
  })

const queue: Table = {
  type: "genesyscloud_routing_queue",
  family: "routing",
  list: [listing("false"), listing("true")],
  read: {
    path: "/api/v2/routing/queues/{id}",
    extras: {
      wrapupCodes: { path: "/api/v2/routing/queues/{id}/wrapupcodes", paging: "pages" },
      members: {
        path: "/api/v2/routing/queues/{id}/members",
        query: { memberBy: "user" },
        paging: "until-empty",
        counted: "userMemberCount"
      }
    }
  },
  stamp: "dateModified",
  shows: ["memberCount", "userMemberCount"],
  attributes: {
    name: string({ required: true }),
    acw_timeout_ms: number({ from: "acwSettings.timeoutMs", computed: true }),
    acw_wrapup_prompt: string({ from: "acwSettings.wrapupPrompt" }),
    agent_owned_routing: block({
      enable_agent_owned_callbacks: boolean(),
      max_owned_callback_delay_hours: number(),
      max_owned_callback_hours: number()
    }, { computed: true }),
    auto_answer_only: boolean(),
    bullseye_rings: bullseye,
    calling_party_name: string(),
    calling_party_number: string(),
    canned_response_libraries: block({
      library_ids: set({ ref: ref("genesyscloud_responsemanagement_library") }),
      mode: string({ computed: true })
    }),
    conditional_group_activation: groupActivation,
    conditional_group_routing_rules: groupRouting,
    default_script_ids: map({ from: "defaultScripts", ref: script }),
    description: string(),
    direct_routing: directRouting,
    division_id: division(),
    email_in_queue_flow_id: idOf("emailInQueueFlow", "genesyscloud_flow"),
    enable_audio_monitoring: boolean(),
    enable_manual_assignment: boolean(),
    enable_transcription: boolean(),
    groups: groups("GROUP", "genesyscloud_group"),
    last_agent_routing_mode: string({ computed: true }),
    media_settings_call: media("call", { ...mediaSettings, ...alertTones }),
    media_settings_callback: media("callback", callbackSettings),
    media_settings_chat: media("chat", { ...mediaSettings, ...alertTones }),
    media_settings_email: media("email", { ...mediaSettings, ...alertTones }),
    media_settings_message: media("message", messageSettings),
    members: blocks({
      user_id: string({ from: "id", required: true, ref: ref("genesyscloud_user") }),
      ring_num: number({ from: "ringNumber" })
    }, { from: "@members", nesting: "set", removeIfMissing: ["user_id"] }),
    message_in_queue_flow_id: idOf("messageInQueueFlow", "genesyscloud_flow"),
    on_hold_prompt_id: idOf("onHoldPrompt", "genesyscloud_architect_user_prompt"),
    outbound_email_address: block({
      domain_id: idOf("domain", "genesyscloud_routing_email_domain", { required: true }),
      route_id: idOf("route", "genesyscloud_routing_email_route", { required: true })
    }, { removeIfMissing: ["route_id"] }),
    outbound_messaging_open_messaging_recipient_id: string({
      from: "outboundMessagingAddresses.openMessagingRecipient.id"
    }),
    outbound_messaging_sms_address_id: string({ from: "outboundMessagingAddresses.smsAddress.id" }),
    outbound_messaging_whatsapp_recipient_id: string({ from: "outboundMessagingAddresses.whatsAppRecipient.id" }),
    peer_id: string(),
    queue_flow_id: idOf("queueFlow", "genesyscloud_flow"),
    routing_rules: blocks({ operator: string(), threshold: number(), wait_seconds: number() }, { max: 6 }),
    scoring_method: string(),
    skill_evaluation_method: string(),
    skill_groups: groups("SKILLGROUP", "genesyscloud_routing_skill_group"),
    suppress_in_queue_call_recording: boolean(),
    teams: groups("TEAM", "genesyscloud_team"),
    whisper_prompt_id: idOf("whisperPrompt", "genesyscloud_architect_user_prompt"),
    wrapup_codes: set({ from: "@wrapupCodes.id", computed: true, ref: ref("genesyscloud_routing_wrapupcode") })
  },
  notInApi: ["ignore_members", "source_queue_id"],
  permissions: ["routing:queue:view"]
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [queue]
