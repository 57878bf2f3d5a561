// The page that writes drafts: saving while somebody types, and the preview.
import "./draft_saving.js";
import "./draft_preview.js";
