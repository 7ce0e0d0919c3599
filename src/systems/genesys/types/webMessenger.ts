/**
 * What a web deployment shows and does in the page: messenger, knowledge portal, co-browsing, journey events, video.
 *
 * Sources: the resource documentation of the provider 1.84.1 (`webdeployments_configuration`) and the definitions
 * `MessengerSettings`, `SupportCenterSettings`, `CobrowseSettings`, `JourneyEventsSettings` and `VideoSettings` of the
 * platform API.
 *
 * @since 0.1.0
 */
import type { Attributes, Block } from "../Table.ts"
import { block, blocks, boolean, list, number, ref, string } from "../Table.ts"
import { idOf } from "./Conversions.ts"

const knowledgeBase = idOf("knowledgeBase", "genesyscloud_knowledge_knowledgebase")

const conversations: Attributes = {
  auto_start_enabled: boolean({ from: "autoStart.enabled", computed: true }),
  conversation_clear_enabled: boolean({ from: "conversationClear.enabled", computed: true }),
  conversation_disconnect: block({ enabled: boolean(), type: string() }),
  enabled: boolean({ computed: true }),
  humanize: block({
    bot: block({ avatar_url: string(), name: string() }),
    enabled: boolean()
  }),
  markdown_enabled: boolean({ from: "markdown.enabled", computed: true }),
  notifications: block({ enabled: boolean(), notification_content_type: string() }),
  session_duration_seconds: number(),
  show_agent_typing_indicator: boolean({ computed: true }),
  show_user_typing_indicator: boolean({ computed: true })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const messenger: Block = block({
  apps: block(
    {
      conversations: block(conversations, { computed: true }),
      knowledge: block({ enabled: boolean(), knowledge_base_id: knowledgeBase })
    },
    { computed: true }
  ),
  enabled: boolean({ computed: true }),
  file_upload: block({
    enable_attachments: boolean(),
    mode: blocks(
      { file_types: list(), max_file_size_kb: number({ from: "maxFileSizeKB" }) },
      { from: "modes" }
    )
  }),
  home_screen: block({
    enabled: boolean({ computed: true }),
    logo_url: string({ computed: true })
  }),
  launcher_button: block({
    display_type: string(),
    icon: block({ url: string() }),
    visibility: string()
  }),
  session_persistence_type: string(),
  styles: block({ primary_color: string() })
})

const moduleSettings: Attributes = {
  enabled: boolean({ required: true }),
  type: string({ required: true }),
  compact_category_module_template_active: boolean({ from: "compactCategoryModuleTemplate.active" }),
  detailed_category_module_template: block({
    active: boolean({ required: true }),
    sidebar_enabled: boolean({ from: "sidebar.enabled", required: true })
  })
}

const styles: Attributes = {
  global_style_setting: block(
    {
      background_color: string({ required: true }),
      font_family: string({ required: true }),
      primary_color: string({ required: true }),
      primary_color_dark: string({ required: true }),
      primary_color_light: string({ required: true }),
      text_color: string({ required: true })
    },
    { from: "globalStyle" }
  ),
  hero_style_setting: block(
    {
      background_color: string({ required: true }),
      image_uri: string({ from: "image.source.defaultUrl", required: true }),
      text_color: string({ required: true })
    },
    { from: "heroStyle" }
  )
}

/**
 * The knowledge portal, by its former name.
 *
 * @since 0.1.0
 * @category constants
 */
export const supportCenter: Block = block({
  enabled: boolean({ required: true }),
  custom_messages: blocks({
    default_value: string({ required: true, zero: true }),
    type: string({ required: true })
  }),
  enabled_categories: blocks({
    category_id: string({ from: "id", ref: ref("genesyscloud_knowledge_category"), required: true }),
    image_uri: string({ from: "image.source.defaultUrl" })
  }),
  feedback_enabled: boolean({ from: "feedback.enabled" }),
  knowledge_base_id: knowledgeBase,
  label_filter: block({
    label_ids: list({ from: "labels", ref: ref("genesyscloud_knowledge_label"), required: true })
  }),
  router_type: string(),
  screens: blocks({
    module_settings: blocks(moduleSettings, { required: true }),
    type: string({ required: true })
  }),
  style_setting: block(styles)
})

/**
 * @since 0.1.0
 * @category constants
 */
export const cobrowse: Block = block({
  allow_agent_control: boolean({ computed: true }),
  allow_agent_navigation: boolean({ computed: true }),
  allow_draw: boolean({ computed: true }),
  channels: list(),
  enabled: boolean({ computed: true }),
  mask_selectors: list(),
  pause_criteria: blocks({
    condition: string({ required: true }),
    url_fragment: string({ required: true })
  }),
  readonly_selectors: list()
})

const selectorEvent: Attributes = {
  event_name: string({ required: true }),
  selector: string({ required: true })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const journeyEvents: Block = block({
  click_event: blocks(selectorEvent, { from: "clickEvents" }),
  enabled: boolean(),
  excluded_query_parameters: list({ deprecated: true }),
  form_track_event: blocks(
    {
      capture_data_on_form_abandon: boolean({ required: true }),
      capture_data_on_form_submit: boolean({ required: true }),
      form_name: string({ required: true }),
      selector: string({ required: true })
    },
    { from: "formsTrackEvents" }
  ),
  idle_event: blocks(
    { event_name: string({ required: true }), idle_after_seconds: number() },
    { from: "idleEvents" }
  ),
  in_viewport_event: blocks(selectorEvent, { from: "inViewportEvents" }),
  pageview_config: string(),
  scroll_depth_event: blocks(
    { event_name: string({ required: true }), percentage: number({ required: true, zero: true }) },
    { from: "scrollDepthEvents" }
  ),
  search_query_parameters: list({ deprecated: true }),
  should_keep_url_fragment: boolean({ deprecated: true }),
  tracking_settings: block({
    excluded_query_parameters: list(),
    ip_filters: blocks(
      { ip_address: string({ required: true }), name: string({ required: true }) },
      { max: 10 }
    ),
    search_query_parameters: list(),
    should_keep_url_fragment: boolean()
  })
})

const allowed: Attributes = {
  allow_camera: boolean(),
  allow_microphone: boolean(),
  allow_screen_share: boolean()
}

/**
 * @since 0.1.0
 * @category constants
 */
export const video: Block = block({
  agent: block({
    ...allowed,
    background: string(),
    background_image: block({ url: string() })
  }),
  enabled: boolean(),
  user: block(allowed)
})
