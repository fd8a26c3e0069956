"""The page that holds the dashboard in a browser; textual-serve's script finds `#terminal` in it."""

PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>{{ application.name }}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="{{ config.static.url }}css/xterm.css">
    <script src="{{ config.static.url }}js/textual.js"></script>
    <style>
      html, body { margin: 0; height: 100%; background: #10141b; color: #e6e9ef; overflow: hidden; }
      body { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
      .textual-terminal { position: absolute; inset: 0; opacity: 0; transition: opacity 0.2s; }
      body.-first-byte .textual-terminal { opacity: 1; }
      .said { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; }
      body.-first-byte .opening { display: none; }
      .closed { display: none; z-index: 10; background: #10141be0; }
      body.-closed .closed { display: flex; }
      button { font: inherit; margin-left: 1em; padding: 0.4em 1em; color: inherit; background: #202736;
               border: 1px solid #6cb6ff; border-radius: 4px; cursor: pointer; }
    </style>
  </head>
  <body>
    <div class="said opening">opening the library …</div>
    <div class="said closed" role="alert">
      The dashboard was left; the run goes on.
      <button type="button" onclick="window.location.reload()">Open it again</button>
    </div>
    <div id="terminal" class="textual-terminal" data-session-websocket-url="{{ app_websocket_url }}"
         data-font-size="{{ font_size }}"></div>
    <script>
      // Keys are taken without a click: textual-serve's handler ran before and has made the terminal.
      window.addEventListener("load", () => document.querySelector(".xterm-helper-textarea")?.focus());
    </script>
  </body>
</html>
"""
