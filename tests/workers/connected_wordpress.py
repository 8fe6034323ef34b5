"""A person in the administration of a real WordPress: fills in the page, presses buttons."""

import re
from html import unescape

import requests

PAGE = "/wp-admin/options-general.php?page=igny8-wp-bridge"


class Administrator:
    """A browser session of the login `admin`."""

    def __init__(self, wordpress):
        self.wordpress, self.url = wordpress, wordpress.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.get(f"{self.url}/wp-login.php", timeout=30)
        entered = {"log": "admin", "pwd": wordpress.admin_password, "testcookie": "1"}
        self.session.post(f"{self.url}/wp-login.php", data=entered, timeout=30).raise_for_status()

    def page(self):
        """Return the plugin's page as text."""
        answer = self.session.get(self.url + PAGE, timeout=30)
        answer.raise_for_status()
        assert "igny8_api_url" in answer.text, "not logged in"
        return answer.text

    def save(self, **fields):
        """Save the settings; return the page that follows."""
        hidden = _hidden_fields(_form(self.page(), "options.php"))
        switches = {"igny8_connection_enabled": "1"}
        return self._post("/wp-admin/options.php", hidden | switches | fields)

    def press(self, action):
        """Press a button of the page; return the page that follows."""
        hidden = _hidden_fields(_form(self.page(), f'value="{action}"'))
        return self._post("/wp-admin/admin-post.php", hidden)

    def _post(self, path, fields):
        answer = self.session.post(self.url + path, data=fields, timeout=60)
        answer.raise_for_status()
        return words_of(answer.text)

    def run_cron(self):
        """Do what WordPress's cron does with the next visitor."""
        self.session.get(f"{self.url}/wp-cron.php?doing_wp_cron", timeout=60).raise_for_status()

    def write(self, path, fields):
        """Change something through WordPress's own API; return how it is then."""
        auth = ("admin", self.wordpress.app_password)
        answer = requests.post(
            f"{self.url}/wp-json/wp/v2/{path}", json=fields, auth=auth, timeout=30
        )
        answer.raise_for_status()
        return answer.json()


def words_of(page):
    """Return what a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def _form(page, inside):
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    return next(form for form in forms if inside in form)


def _hidden_fields(form):
    found = {}
    for field in re.findall(r"<input[^>]*type=[\"']hidden[\"'][^>]*>", form):
        name = re.search(r"name=[\"']([^\"']+)", field)
        value = re.search(r"value=[\"']([^\"']*)", field)
        found[name[1]] = unescape(value[1]) if value else ""
    return found
