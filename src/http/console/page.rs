//! The HTML of the console's pages.

use super::assets::Entry;
use crate::http::html::escape;

/// What a binary shows that was compiled before the console was built.
pub(super) const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>GraphiQL is not built</title></head>
<body>
<h1>GraphiQL is not built</h1>
<p>This binary was compiled without the console. Run <code>./dev build</code> and start the server again.</p>
<p>The API itself works: <code>POST /graphql</code>.</p>
</body>
</html>
";

/// The page of GraphiQL. It holds no script and no style of its own: the policy allows neither.
pub(super) fn graphiql(tool: &str, entry: &Entry) -> String {
    let (tool, script, style) = (escape(tool), escape(&entry.script), escape(&entry.style));
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>{tool} · GraphiQL</title>
<link rel=\"icon\" href=\"data:,\">
<link rel=\"stylesheet\" href=\"/graphiql/assets/{style}\">
<script type=\"module\" src=\"/graphiql/assets/{script}\"></script>
</head>
<body>
<div id=\"graphiql\" data-tool=\"{tool}\"></div>
<noscript>GraphiQL needs JavaScript. The API itself works without: <code>POST /graphql</code>.</noscript>
</body>
</html>
"
    )
}
