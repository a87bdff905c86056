"""The pages of participants; the organizer's are with them where they belong to this house."""

from django.urls import URLPattern, URLResolver, include, path

from registrations.views import (
    access_codes,
    convening,
    delegation,
    delegations,
    feeds,
    find,
    form,
    import_runs,
    importing,
    invitation,
    invitations,
    mail_texts,
    mine,
    offers,
    organizations,
    own_sessions,
    privacy,
    public,
    review,
    sessions,
    settings,
    webhooks,
)

own = [
    path("", mine.mine, name="mine"),
    path("calendar.ics", mine.own_calendar, name="mine-calendar"),
    path("google/", feeds.google, name="mine-google"),
    path("feed/", feeds.own_feed, name="mine-feed"),
    path("feed/renew/", feeds.renew, name="mine-feed-renew"),
    path("feed/close/", feeds.close, name="mine-feed-close"),
    path("qr.png", mine.qr, name="mine-qr"),
    path("change/", mine.change, name="mine-change"),
    path("sessions/", own_sessions.sessions, name="mine-sessions"),
    path("cancel/", mine.cancel, name="mine-cancel"),
    path("restore/", mine.restore, name="mine-restore"),
    path("offer/", offers.offer, name="mine-offer"),
    path("offer/decline/", offers.decline, name="mine-offer-decline"),
    path("offer/ask-again/", offers.ask_again, name="mine-offer-ask-again"),
    path("address/", mine.address, name="mine-address"),
    path("another/", mine.another, name="mine-another"),
    path("data/", privacy.data, name="mine-data"),
    path("consents/<int:consent>/withdraw/", privacy.withdraw, name="mine-withdraw"),
    path("erase/", privacy.erase, name="mine-erase"),
    path("unsubscribe/", privacy.unsubscribe, name="mine-unsubscribe"),
    path("subscribe/", privacy.subscribe, name="mine-subscribe"),
]
heads = [
    path("", delegation.delegation, name="delegation"),
    path("add/", delegation.add, name="delegation-add"),
    path("paste/", delegation.paste, name="delegation-paste"),
    path("list/", delegation.printed, name="delegation-list"),
    path("nobody/", delegation.refuse, name="delegation-refuse"),
    path("<slug:number>/answer/", delegation.answer, name="delegation-answer"),
    path("<slug:number>/replace/", delegation.substitute, name="delegation-substitute"),
    path("<slug:number>/remove/", delegation.remove, name="delegation-remove"),
    path("<slug:number>/role/", delegation.mark, name="delegation-mark"),
    path("<slug:number>/address/", delegation.address, name="delegation-address"),
]
invited = [
    path("", invitation.invitation, name="invitation"),
    path("accept/", invitation.accept, name="invitation-accept"),
    path("decline/", invitation.decline, name="invitation-decline"),
    path("colleague/", invitation.colleague, name="invitation-colleague"),
    path("link/", invitation.link, name="invitation-link"),
]
PERSON = "manage/<slug:slug>/participants/<slug:number>"

# The organizer's office. "new" stands before the pages of a meeting with that slug.
office: list[URLPattern | URLResolver] = [
    path("manage/", convening.meetings, name="manage"),
    path("manage/new/", convening.new, name="manage-new"),
    path("manage/<slug:slug>/edit/", settings.edit, name="manage-edit"),
    path("manage/<slug:slug>/edit/<slug:section>/", settings.edit, name="manage-edit-section"),
    path(
        "manage/<slug:slug>/edit/team/<int:owner>/remove/",
        settings.remove_owner,
        name="manage-owner-remove",
    ),
    path("manage/<slug:slug>/sessions/<uuid:uid>/", sessions.change, name="manage-session"),
    path(
        "manage/<slug:slug>/sessions/<uuid:uid>/remove/",
        sessions.remove,
        name="manage-session-remove",
    ),
    path("manage/<slug:slug>/publish/", convening.publish, name="manage-publish"),
    path("manage/<slug:slug>/cancel/", convening.call_off, name="manage-cancel"),
    path(
        "manage/<slug:slug>/organizations/",
        organizations.organizations,
        name="manage-organizations",
    ),
    path(
        "manage/<slug:slug>/organizations/separate/",
        organizations.separate,
        name="manage-organization-separate",
    ),
    path("manage/<slug:slug>/delegations/", delegations.delegations, name="manage-delegations"),
    path("manage/<slug:slug>/delegations/ask/", delegations.ask, name="manage-delegations-ask"),
    path(
        "manage/<slug:slug>/delegations/regions/",
        delegations.for_regions,
        name="manage-delegations-regions",
    ),
    path(
        "manage/<slug:slug>/delegations/paste/",
        delegations.paste,
        name="manage-delegations-paste",
    ),
    path(
        "manage/<slug:slug>/delegations/<uuid:uid>/", delegations.change, name="manage-delegation"
    ),
    path(
        "manage/<slug:slug>/delegations/<uuid:uid>/step/",
        delegations.step,
        name="manage-delegation-step",
    ),
    path("manage/<slug:slug>/invitations/", invitations.invitations, name="manage-invitations"),
    path(
        "manage/<slug:slug>/invitations/paste/",
        invitations.paste,
        name="manage-invitations-paste",
    ),
    path(
        "manage/<slug:slug>/invitations/write/",
        invitations.write,
        name="manage-invitations-write",
    ),
    path(
        "manage/<slug:slug>/invitations/<uuid:uid>/", invitations.change, name="manage-invitation"
    ),
    path(
        "manage/<slug:slug>/invitations/<uuid:uid>/step/",
        invitations.step,
        name="manage-invitation-step",
    ),
    path("manage/<slug:slug>/messages/texts/", mail_texts.texts, name="manage-mail-texts"),
    path(
        "manage/<slug:slug>/messages/texts/<slug:kind>/", mail_texts.edit, name="manage-mail-text"
    ),
    path(
        "manage/<slug:slug>/messages/texts/<slug:kind>/preview/",
        mail_texts.preview,
        name="manage-mail-preview",
    ),
    path(
        "manage/<slug:slug>/messages/texts/<slug:kind>/trial/",
        mail_texts.trial,
        name="manage-mail-trial",
    ),
    path(
        "manage/<slug:slug>/messages/texts/<slug:kind>/standard/",
        mail_texts.standard,
        name="manage-mail-standard",
    ),
    path("manage/<slug:slug>/access-codes/", access_codes.codes, name="manage-access-codes"),
    path(
        "manage/<slug:slug>/access-codes/<uuid:uid>/",
        access_codes.change,
        name="manage-access-code",
    ),
    path(
        "manage/<slug:slug>/access-codes/<uuid:uid>/remove/",
        access_codes.remove,
        name="manage-access-code-remove",
    ),
    path("manage/<slug:slug>/webhooks/<uuid:uid>/", webhooks.webhook, name="manage-webhook"),
    path("manage/<slug:slug>/webhooks/<uuid:uid>/step/", webhooks.step, name="manage-webhook-step"),
    path(
        "manage/<slug:slug>/webhooks/<uuid:uid>/remove/",
        webhooks.remove,
        name="manage-webhook-remove",
    ),
    path(
        "manage/<slug:slug>/webhooks/<uuid:uid>/<int:delivery>/again/",
        webhooks.send_again,
        name="manage-webhook-again",
    ),
    path("manage/<slug:slug>/participants/decide/", review.decide_many, name="manage-decide"),
    path("manage/<slug:slug>/participants/import/", importing.bring, name="manage-import"),
    path(
        "manage/<slug:slug>/participants/import/<uuid:uid>/",
        import_runs.run,
        name="manage-import-run",
    ),
    path(
        "manage/<slug:slug>/participants/import/<uuid:uid>/progress/",
        import_runs.progress,
        name="manage-import-progress",
    ),
    path("manage/<slug:slug>/participants/new/", review.add, name="manage-participant-add"),
    path(f"{PERSON}/edit/", review.amend, name="manage-participant-edit"),
    path(f"{PERSON}/sessions/", own_sessions.for_participant, name="manage-participant-sessions"),
    path(f"{PERSON}/substitute/", review.substitute, name="manage-participant-substitute"),
    path(f"{PERSON}/step/", review.decide, name="manage-participant-step"),
    path(f"{PERSON}/address/", review.correct_address, name="manage-participant-address"),
    path(f"{PERSON}/mails/<int:message>/", review.resend, name="manage-participant-resend"),
    path(f"{PERSON}/erase/", review.erase, name="manage-participant-erase"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", public.home, name="home"),
    path("m/<slug:slug>/", public.meeting_page, name="meeting"),
    path("m/<slug:slug>.ics", public.meeting_calendar, name="meeting-calendar"),
    path("m/<slug:slug>/register/", form.register, name="register"),
    path("m/<slug:slug>/find/", find.find, name="find"),
    path("m/<slug:slug>/consent/<slug:kind>/", public.consent, name="consent"),
    path("f/<str:token>/calendar.ics", feeds.feed, name="calendar-feed"),
    path("r/<str:token>/", include(own)),
    path("d/<str:token>/", include(heads)),
    path("i/<str:token>/", include(invited)),
    *office,
]
