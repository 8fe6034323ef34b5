"""A site's plugin registers its installation, and is told where webhooks go (S130, S218)."""

from http import HTTPStatus
from typing import Annotated, Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ingress.aliases import BASE
from ingress.answers import public_url
from ingress.bodies import SMALL, at_most
from ingress.contents.fields import RowId
from ingress.errors import problem_responses
from ingress.integrations.onboarding import check_address
from ingress.site_keys import refuse_other_site, require_site_key
from models import Site
from models.session import session_scope
from models.sites.connecting import address_of, ensure_integration
from models.sites.installing import Seen, register_installation

bp = APIBlueprint(
    "installations",
    __name__,
    url_prefix="/api/plugins/igny8-wp-bridge",
    abp_tags=[Tag(name="plugin", description="The plugin on the sites")],
    abp_security=[{"bearer": []}, {"site_key": []}],
)
bp.before_request(at_most(SMALL))
bp.before_request(require_site_key)


def _is_version(text: str) -> str:
    try:
        Version(text)
    except InvalidVersion:
        raise ValueError("a version is like 1.5.0") from None
    return text


ShortText = Annotated[str, StringConstraints(max_length=50, strip_whitespace=True)]


class RegisterRequest(BaseModel):
    """The installation, by what the plugin says of itself."""

    # A newer plugin may say more.
    model_config = ConfigDict(strict=True, extra="ignore")

    site_id: RowId
    site_url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    version: Annotated[ShortText, AfterValidator(_is_version)]
    wordpress_version: ShortText = ""
    php_version: ShortText = ""
    rotate_secret: bool = False


class WebhookAddresses(BaseModel):
    status: str
    metadata: str


class RegisterAnswer(BaseModel):
    """What the plugin signs with, and where it sends to."""

    installation_id: int
    integration_id: int
    webhook_secret: str = Field(description="`whsec_` and base64 of 32 bytes; the same each time.")
    webhooks: WebhookAddresses
    require_signature: bool = Field(description="Whether unsigned webhooks are refused.")


@bp.post(
    "/register/",
    responses={
        200: RegisterAnswer,
        **problem_responses(
            "invalid_fields",
            "unauthenticated",
            "not_found",
            "site_inactive",
            "length_required",
            "too_large",
            "unsupported_media_type",
            "unavailable",
        ),
    },
    operation_id="register_installation",
)
def register(body: RegisterRequest) -> Any:
    """Note an installation or its new version; takes the site's key."""
    refuse_other_site(body.site_id)
    with session_scope() as session:
        site = session.get_one(Site, body.site_id)
        check_address(address_of(session, site), body.site_url)
        integration, _ = ensure_integration(session, site)
        seen = Seen(
            body.version,
            {"wordpress_version": body.wordpress_version, "php_version": body.php_version},
        )
        installation, secret = register_installation(
            session, integration, seen, rotate_secret=body.rotate_secret
        )
        answer = RegisterAnswer(
            installation_id=installation.id,
            integration_id=integration.id,
            webhook_secret=secret,
            webhooks=WebhookAddresses(
                status=public_url(f"{BASE}/webhooks/wordpress/status/"),
                metadata=public_url(f"{BASE}/webhooks/wordpress/metadata/"),
            ),
            require_signature=site.require_signature,
        )
    return answer.model_dump(mode="json"), HTTPStatus.OK
