from django.urls import URLPattern, URLResolver, path

from reports.views import (
    announcements,
    door,
    figures,
    import_results,
    kept_lists,
    lists,
    merging,
    messages,
    overview,
    participants,
)

ANNOUNCEMENT = "manage/<slug:slug>/messages/announcements/<uuid:uid>"
LIST = "manage/<slug:slug>/lists/<int:number>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("manage/<slug:slug>/", overview.page, name="manage-overview"),
    path("manage/<slug:slug>/participants/", participants.participants, name="manage-participants"),
    path("manage/<slug:slug>/participants.<str:form>", participants.export, name="manage-export"),
    path(
        "manage/<slug:slug>/participants/<slug:number>/",
        participants.participant,
        name="manage-participant",
    ),
    path(
        "manage/<slug:slug>/participants/import/<uuid:uid>/result.<str:form>",
        import_results.result,
        name="manage-import-result",
    ),
    path(
        "manage/<slug:slug>/participants/<slug:number>/merge/",
        merging.merge,
        name="manage-participant-merge",
    ),
    path("manage/<slug:slug>/lists/", lists.lists, name="manage-lists"),
    path("manage/<slug:slug>/lists/close/", lists.close, name="manage-lists-close"),
    path("manage/<slug:slug>/lists/reopen/", lists.reopen, name="manage-lists-reopen"),
    path("manage/<slug:slug>/lists/take/", lists.take, name="manage-lists-take"),
    path(f"{LIST}/", kept_lists.kept, name="manage-list"),
    path(f"{LIST}.<str:form>", kept_lists.list_file, name="manage-list-file"),
    path(f"{LIST}/print/", kept_lists.printed, name="manage-list-print"),
    path(f"{LIST}/changes/", kept_lists.changes, name="manage-list-changes"),
    path(f"{LIST}/changes.<str:form>", kept_lists.changes_file, name="manage-list-changes-file"),
    path(
        "manage/<slug:slug>/messages/announcements/",
        announcements.announcements,
        name="manage-announcements",
    ),
    path(
        "manage/<slug:slug>/messages/announcements/new/",
        announcements.new,
        name="manage-announcement-new",
    ),
    path(f"{ANNOUNCEMENT}/", announcements.announcement, name="manage-announcement"),
    path(f"{ANNOUNCEMENT}/send/", announcements.send, name="manage-announcement-send"),
    path(
        f"{ANNOUNCEMENT}/take-back/", announcements.take_back, name="manage-announcement-take-back"
    ),
    path(f"{ANNOUNCEMENT}/discard/", announcements.discard, name="manage-announcement-discard"),
    path(f"{ANNOUNCEMENT}/preview/", announcements.preview, name="manage-announcement-preview"),
    path(f"{ANNOUNCEMENT}/trial/", announcements.trial, name="manage-announcement-trial"),
    path(f"{ANNOUNCEMENT}/files/", announcements.attach, name="manage-announcement-attach"),
    path(
        f"{ANNOUNCEMENT}/files/<uuid:file>/remove/",
        announcements.detach,
        name="manage-announcement-detach",
    ),
    path("manage/<slug:slug>/messages/", messages.outgoing, name="manage-messages"),
    path("manage/<slug:slug>/messages/many/", messages.many, name="manage-messages-many"),
    path("manage/<slug:slug>/messages/<int:message>/", messages.message, name="manage-message"),
    path(
        "manage/<slug:slug>/messages/addresses/<int:address>/allow/",
        messages.allow,
        name="manage-address-allow",
    ),
    path(
        "manage/<slug:slug>/messages/<int:message>/step/",
        messages.step,
        name="manage-message-step",
    ),
    path("manage/<slug:slug>/door/", door.door, name="manage-door"),
    path("manage/<slug:slug>/door/<int:link>/", door.change_link, name="manage-link-change"),
    path("manage/<slug:slug>/figures/", figures.figures, name="manage-figures"),
    path("manage/<slug:slug>/figures.xlsx", figures.figures_table, name="manage-figures-table"),
    path("n/<slug:token>/", figures.press, name="press"),
    path("n/<slug:token>/figures.xlsx", figures.press_table, name="press-table"),
]
