"""Reference data: recognise what CMS publishes, check every row, load it as releases."""
