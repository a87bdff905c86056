"""The front door of the API: every route on one page."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from attendance import api as attendance
from attendance import merge_api
from badges import api as badges
from config import schema  # noqa: F401  # tells the OpenAPI document how one signs in
from registrations.api import (
    access_codes,
    access_links,
    delegations,
    imports,
    invitations,
    mail_texts,
    meetings,
    messages,
    mine,
    my_delegation,
    my_invitation,
    organizations,
    parts,
    region_sets,
    registrations,
    seat_limits,
    sessions,
    suppressions,
    webhooks,
)
from reports import announcement_api, export_api, exports, mail_api, pass_list_api
from reports import api as reports

MEETING = "meetings/<slug:meeting>"

router = SimpleRouter(use_regex_path=False)
router.register("meetings", meetings.MeetingViewSet, basename="api-meeting")
router.register("region-sets", region_sets.RegionSetViewSet, basename="api-region-set")
for place, viewset, name in [
    ("access-codes", access_codes.AccessCodeViewSet, "api-access-code"),
    ("access-links", access_links.AccessLinkViewSet, "api-access-link"),
    ("announcements", announcement_api.AnnouncementViewSet, "api-announcement"),
    ("delegations", delegations.DelegationViewSet, "api-delegation"),
    ("imports", imports.ImportViewSet, "api-import"),
    ("invitations", invitations.InvitationViewSet, "api-invitation"),
    ("messages", messages.MessageViewSet, "api-message"),
    ("pass-lists", pass_list_api.PassListViewSet, "api-pass-list"),
    ("registrations", registrations.RegistrationViewSet, "api-registration"),
    ("sessions", sessions.SessionViewSet, "api-session"),
    ("suppressions", suppressions.SuppressionViewSet, "api-suppression"),
    ("webhooks", webhooks.WebhookViewSet, "api-webhook"),
]:
    router.register(f"{MEETING}/{place}", viewset, basename=name)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="api-docs"), name="api"),
    path("", include(router.urls)),
    path(f"{MEETING}/hosts/", parts.HostsView.as_view(), name="api-hosts"),
    path(f"{MEETING}/agenda/", parts.AgendaView.as_view(), name="api-agenda"),
    path(f"{MEETING}/categories/", parts.CategoriesView.as_view(), name="api-categories"),
    path(f"{MEETING}/regions/", parts.RegionsView.as_view(), name="api-regions"),
    path(f"{MEETING}/consents/", parts.ConsentsView.as_view(), name="api-consents"),
    path(f"{MEETING}/mail-texts/", mail_texts.MailTextsView.as_view(), name="api-mail-texts"),
    *(
        path(f"{MEETING}/mail-texts/<slug:kind>/<slug:language>/{end}", view.as_view(), name=name)
        for end, view, name in [
            ("", mail_texts.MailTextView, "api-mail-text"),
            ("preview/", mail_texts.MailPreviewView, "api-mail-preview"),
            ("trial/", mail_texts.MailTrialView, "api-mail-trial"),
        ]
    ),
    path(f"{MEETING}/reminders/", parts.RemindersView.as_view(), name="api-reminders"),
    path(
        f"{MEETING}/reminders/forecast/",
        parts.ReminderForecastView.as_view(),
        name="api-reminders-forecast",
    ),
    path(f"{MEETING}/messages/coming/", mail_api.ComingView.as_view(), name="api-message-coming"),
    path(
        f"{MEETING}/organizations/",
        organizations.OrganizationsView.as_view(),
        name="api-organizations",
    ),
    path(
        f"{MEETING}/organizations/separate/",
        organizations.SeparateView.as_view(),
        name="api-organization-separate",
    ),
    path(
        f"{MEETING}/organizations/<int:id>/",
        organizations.OrganizationView.as_view(),
        name="api-organization",
    ),
    path(f"{MEETING}/seat-limits/", seat_limits.SeatLimitsView.as_view(), name="api-seat-limits"),
    path(
        f"{MEETING}/waiting-list/", seat_limits.WaitingListView.as_view(), name="api-waiting-list"
    ),
    path(
        f"{MEETING}/seat-limits/<slug:scope>/<slug:code>/",
        seat_limits.SeatLimitView.as_view(),
        name="api-seat-limit",
    ),
    path(
        f"{MEETING}/webhooks/<uuid:uid>/deliveries/",
        webhooks.DeliveriesView.as_view(),
        name="api-webhook-deliveries",
    ),
    path(
        f"{MEETING}/webhooks/<uuid:uid>/deliveries/<int:number>/again/",
        webhooks.DeliveryAgainView.as_view(),
        name="api-webhook-again",
    ),
    *(
        path(
            f"{MEETING}/registrations.{form}",
            export_api.ExportView.as_view(form=form),
            name=f"api-registrations-{form}",
        )
        for form in exports.FORMATS
    ),
    *(
        path(
            f"{MEETING}/imports/<uuid:uid>/result.{form}",
            export_api.ImportResultView.as_view(form=form),
            name=f"api-import-result-{form}",
        )
        for form in exports.FORMATS
    ),
    *(
        path(f"{MEETING}/pass-lists/<int:number>{end}.{form}", view.as_view(form=form), name=name)
        for form in exports.FORMATS
        for end, view, name in [
            ("", pass_list_api.PassListFileView, f"api-pass-list-{form}"),
            ("/difference", pass_list_api.DifferenceFileView, f"api-difference-{form}"),
        ]
    ),
    path(
        f"{MEETING}/registrations/<slug:number>/merge/",
        merge_api.MergeView.as_view(),
        name="api-registration-merge",
    ),
    path("my-registration/", mine.MyRegistrationView.as_view(), name="api-mine"),
    path("my-registration/cancel/", mine.MyCancelView.as_view(), name="api-mine-cancel"),
    path("my-registration/restore/", mine.MyRestoreView.as_view(), name="api-mine-restore"),
    path(
        "my-registration/offer/accept/",
        mine.MyOfferAcceptView.as_view(),
        name="api-mine-offer-accept",
    ),
    path(
        "my-registration/offer/decline/",
        mine.MyOfferDeclineView.as_view(),
        name="api-mine-offer-decline",
    ),
    path(
        "my-registration/offer/ask-again/",
        mine.MyOfferAskAgainView.as_view(),
        name="api-mine-offer-ask-again",
    ),
    path("my-registration/address/", mine.MyAddressView.as_view(), name="api-mine-address"),
    path("my-registration/erase/", mine.MyErasureView.as_view(), name="api-mine-erase"),
    path("my-registration/calendar/", mine.MyCalendarView.as_view(), name="api-mine-calendar"),
    path("my-registration/feed/", mine.MyFeedView.as_view(), name="api-mine-feed"),
    path("my-registration/feed/renew/", mine.MyFeedRenewView.as_view(), name="api-mine-feed-renew"),
    path("my-registration/sessions/", sessions.MySessionsView.as_view(), name="api-my-sessions"),
    path(
        "my-registration/sessions/<uuid:uid>/",
        sessions.MySessionView.as_view(),
        name="api-my-session",
    ),
    path(
        f"{MEETING}/registrations/<slug:number>/sessions/",
        sessions.ParticipantSessionsView.as_view(),
        name="api-participant-sessions",
    ),
    path(
        f"{MEETING}/registrations/<slug:number>/sessions/<uuid:uid>/",
        sessions.ParticipantSessionView.as_view(),
        name="api-participant-session",
    ),
    path("my-delegation/", my_delegation.MyDelegationView.as_view(), name="api-my-delegation"),
    path("my-delegation/people/", my_delegation.MyPeopleView.as_view(), name="api-my-people"),
    path(
        "my-delegation/people/<slug:number>/",
        my_delegation.MyMemberView.as_view(),
        name="api-my-member",
    ),
    path(
        "my-delegation/people/<slug:number>/substitute/",
        my_delegation.MySubstituteView.as_view(),
        name="api-my-substitute",
    ),
    path(
        "my-delegation/people/<slug:number>/address/",
        my_delegation.MyAddressView.as_view(),
        name="api-my-member-address",
    ),
    path(
        "my-delegation/wishes/<slug:number>/",
        my_delegation.MyWishView.as_view(),
        name="api-my-wish",
    ),
    path("my-delegation/refuse/", my_delegation.MyRefusalView.as_view(), name="api-my-refusal"),
    path("my-invitation/", my_invitation.MyInvitationView.as_view(), name="api-my-invitation"),
    path("my-invitation/accept/", my_invitation.MyAcceptView.as_view(), name="api-my-accept"),
    path("my-invitation/decline/", my_invitation.MyDeclineView.as_view(), name="api-my-decline"),
    path(
        "my-invitation/colleague/",
        my_invitation.MyColleagueView.as_view(),
        name="api-my-colleague",
    ),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html"),
        name="api-docs",
    ),
    path("checkin/pair/", attendance.PairView.as_view(), name="api-checkin-pair"),
    path("checkin/scans/", attendance.ScansView.as_view(), name="api-checkin-scans"),
    path(
        "checkin/scans/<uuid:scan_id>/void/", attendance.VoidView.as_view(), name="api-checkin-void"
    ),
    path("checkin/walk-ins/", attendance.WalkInsView.as_view(), name="api-checkin-walk-ins"),
    path("checkin/admissions/", attendance.AdmissionsView.as_view(), name="api-checkin-admissions"),
    path(
        "checkin/substitutions/",
        attendance.SubstitutionsView.as_view(),
        name="api-checkin-substitutions",
    ),
    path("checkin/search/", attendance.SearchView.as_view(), name="api-checkin-search"),
    path("checkin/stats/", attendance.StatsView.as_view(), name="api-checkin-stats"),
    path("meetings/<slug:slug>/scans/", attendance.MeetingScansView.as_view(), name="api-scans"),
    path(f"{MEETING}/figures/", reports.FiguresView.as_view(), name="api-figures"),
    path(
        f"{MEETING}/badges/batches/",
        badges.BatchViewSet.as_view({"get": "list", "post": "create"}),
        name="api-badge-batches",
    ),
    path(
        f"{MEETING}/badges/batches/<int:pk>/",
        badges.BatchViewSet.as_view({"get": "retrieve"}),
        name="api-badge-batch",
    ),
    path(
        f"{MEETING}/badges/batches/<int:pk>/file/",
        badges.BatchFileView.as_view(),
        name="api-badge-batch-file",
    ),
    path(f"{MEETING}/badges/preflight/", badges.PreflightView.as_view(), name="api-preflight"),
    path(f"{MEETING}/badges/<str:number>.pdf", badges.BadgeView.as_view(), name="api-badge"),
]
